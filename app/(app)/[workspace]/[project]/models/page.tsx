import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { cache } from "react";
import { ClientMessages } from "@/app/_ui/client-messages";
import { EmptyState } from "@/app/_ui/empty-state";
import { LinkButton } from "@/app/_ui/link-button";
import { getModelsPage } from "@/lib/domain/trainings";
import { toProjectRef } from "@/lib/doors/refs";
import { page } from "@/lib/doors/page";
import { apiUrl } from "@/lib/doors/public-url";
import { ModelsList } from "../_models/models-list";
import { ProjectHead } from "../_nav/project-head";

interface Props {
  params: Promise<{ workspace: string; project: string }>;
}

const readModels = cache((workspace: string, project: string) =>
  page((ctx) => getModelsPage(ctx, toProjectRef({ workspace, project }))),
);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { workspace, project } = await params;
  const [data, t] = [await readModels(workspace, project), await getTranslations("models")];
  return { title: `${t("title")} · ${data.project.name}` };
}

/** The models of a project that serve, of all its versions. */
export default async function ModelsPage({ params }: Props) {
  const { workspace: workspaceSlug, project: projectSlug } = await params;
  const { workspace, project, models, may } = await readModels(workspaceSlug, projectSlug);
  const t = await getTranslations("models");
  return (
    <div className="grid gap-5">
      <ProjectHead workspace={workspace} project={project} tab="models" />
      {models.length === 0 ? (
        <EmptyState
          title={t("empty")}
          action={<LinkButton href={`/${workspace.slug}/${project.slug}`}>{t("toVersions")}</LinkButton>}
        >
          {t("emptyText")}
        </EmptyState>
      ) : (
        <ClientMessages namespaces={["models"]}>
          <ModelsList
            workspaceSlug={workspace.slug}
            models={models}
            apiUrl={apiUrl()}
            mayChoose={may.updateVersions}
            ofProject
          />
        </ClientMessages>
      )}
    </div>
  );
}
