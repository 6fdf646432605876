import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { cache } from "react";
import { ClientMessages } from "@/app/_ui/client-messages";
import { getImagesPage } from "@/lib/domain/images";
import { toProjectRef } from "@/lib/doors/refs";
import { uploadSettings } from "@/lib/work/uploads/settings";
import { page } from "@/lib/doors/page";
import { ProjectHead } from "../_nav/project-head";
import { ImagesDesk } from "./images-desk";

interface Props {
  params: Promise<{ workspace: string; project: string }>;
}

const readImages = cache((workspace: string, project: string) =>
  page((ctx) => getImagesPage(ctx, toProjectRef({ workspace, project }))),
);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { workspace, project } = await params;
  const [data, t] = [await readImages(workspace, project), await getTranslations("images")];
  return { title: `${t("title")} · ${data.project.name}` };
}

/** The source images of a project: upload them, look at them, label them, remove them. */
export default async function ImagesPage({ params }: Props) {
  const { workspace, project } = await params;
  const data = await readImages(workspace, project);
  return (
    <div className="grid gap-5">
      <ProjectHead workspace={data.workspace} project={data.project} tab="images" />
      <ClientMessages namespaces={["images", "imageFilters", "imageFrame", "versions"]}>
        <ImagesDesk page={data} settings={uploadSettings()} />
      </ClientMessages>
    </div>
  );
}
