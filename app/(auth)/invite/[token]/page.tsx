import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { notFound } from "next/navigation";
import { ClientMessages } from "@/app/_ui/client-messages";
import { DomainError } from "@/lib/domain/errors";
import { getInvite } from "@/lib/domain/people";
import { Frame } from "../frame";
import { InviteForm } from "./invite-form";

interface Props {
  params: Promise<{ token: string }>;
}

/** No search engine keeps a link that signs somebody in. */
export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("auth"))("invite.title"), robots: { index: false } };
}

/** Looking uses nothing up: only the form does. */
export default async function InvitePage({ params }: Props) {
  const { token } = await params;
  const [invited, t] = [await findInvite(token), await getTranslations("auth")];
  if (!invited) notFound();
  return (
    <Frame title={t("invite.title")}>
      <p className="text-muted">{t("invite.text", { name: invited.name })}</p>
      <ClientMessages namespaces={["auth"]}>
        <InviteForm token={token} email={invited.email} />
      </ClientMessages>
    </Frame>
  );
}

async function findInvite(token: string): Promise<{ email: string; name: string } | null> {
  try {
    return await getInvite(token);
  } catch (error) {
    if (error instanceof DomainError && error.code === "not_found") return null;
    throw error;
  }
}
