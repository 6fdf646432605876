import type { Metadata } from "next";
import { getNow, getTranslations } from "next-intl/server";
import { cache } from "react";
import { ClientMessages } from "@/app/_ui/client-messages";
import { EmptyState } from "@/app/_ui/empty-state";
import { LinkButton } from "@/app/_ui/link-button";
import { getGeneratePage } from "@/lib/domain/versions";
import { toProjectRef } from "@/lib/doors/refs";
import { page } from "@/lib/doors/page";
import { ProjectHead } from "../_nav/project-head";
import { GenerateForm } from "./generate-form";

interface Props {
  params: Promise<{ workspace: string; project: string }>;
}

const read = cache((workspace: string, project: string) =>
  page((ctx) => getGeneratePage(ctx, toProjectRef({ workspace, project }))),
);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { workspace, project } = await params;
  const [data, t] = [await read(workspace, project), await getTranslations("generate")];
  return { title: `${t("title")} · ${data.project.name}` };
}

/** Where a version is made of the project's images. */
export default async function GeneratePage({ params }: Props) {
  const { workspace: workspaceSlug, project: projectSlug } = await params;
  const { workspace, project, images, withoutBoxes, classes, medianSidePx, seed, may } = await read(
    workspaceSlug,
    projectSlug,
  );
  const [t, now] = [await getTranslations("generate"), await getNow()];
  return (
    <div className="grid gap-6">
      <ProjectHead workspace={workspace} project={project} tab="generate" />
      {!may.createVersions ? (
        <EmptyState
          title={t("notAllowed")}
          action={<LinkButton href={`/${workspace.slug}/${project.slug}`}>{t("toVersions")}</LinkButton>}
        >
          {t("notAllowedText")}
        </EmptyState>
      ) : medianSidePx === null ? (
        <EmptyState
          title={t("noImages")}
          action={
            <LinkButton href={`/${workspace.slug}/${project.slug}/images`} variant="primary">
              {t("toImages")}
            </LinkButton>
          }
        >
          {t("noImagesText")}
        </EmptyState>
      ) : (
        <ClientMessages namespaces={["generate"]}>
          <GenerateForm
            workspaceSlug={workspace.slug}
            projectSlug={project.slug}
            facts={{ images, withoutBoxes, medianSidePx, seed }}
            classes={classes}
            defaultName={now.toISOString().slice(0, 16).replace("T", " ")}
          />
        </ClientMessages>
      )}
    </div>
  );
}
