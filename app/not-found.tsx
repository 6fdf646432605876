import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { NotFound } from "./_ui/not-found";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("problems"))("notFoundTitle") };
}

export default function NotFoundPage() {
  return (
    <main id="main" tabIndex={-1}>
      <NotFound />
    </main>
  );
}
