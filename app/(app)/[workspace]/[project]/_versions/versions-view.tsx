import { getTranslations } from "next-intl/server";
import { cn } from "@/app/_ui/class-names";
import { ClientMessages } from "@/app/_ui/client-messages";
import { EmptyState } from "@/app/_ui/empty-state";
import { LinkButton } from "@/app/_ui/link-button";
import type { VersionsPage } from "@/lib/domain/versions";
import { FocusOnArrival } from "../../_deleting/arrival";
import { ProjectHead } from "../_nav/project-head";
import { AnnounceEnd } from "./announce-end";
import { ImportVersion } from "./import-version";
import { explainImports } from "./explain-imports";
import { Imports } from "./imports";
import { KeepFresh } from "./keep-fresh";
import { VersionDetail } from "./version-detail";
import { VersionList } from "./version-list";

const DETAIL_ID = "chosen-version";
const PAGE_ID = "versions";
const GENERATING_MS = 1_500;

/** The list at the left, the chosen version at the right. On narrow screens the list, and once one is `picked`, that version. */
export async function VersionsView({ data, picked }: { data: VersionsPage; picked: boolean }) {
  const { workspace, project, versions, imports, chosen, may } = data;
  const ref = { workspaceSlug: workspace.slug, projectSlug: project.slug };
  const waiting = imports.some(({ problem }) => problem === null);
  const t = await getTranslations("versions");
  return (
    <div className="grid gap-5">
      <ProjectHead
        workspace={workspace}
        project={project}
        tab="versions"
        below={picked && chosen ? t("number", { number: String(chosen.number) }) : undefined}
        headingId={PAGE_ID}
        folded={picked}
        actions={
          may.createVersions ? (
            <ClientMessages namespaces={["versions"]}>
              <ImportVersion project={ref} type={project.type} />
            </ClientMessages>
          ) : undefined
        }
      />
      {imports.length > 0 ? (
        <ClientMessages namespaces={["versions"]}>
          <Imports imports={await explainImports(imports)} project={ref} mayCancel={may.createVersions} />
        </ClientMessages>
      ) : null}
      {chosen ? (
        <div className="grid items-start gap-8 lg:grid-cols-[17rem_minmax(0,1fr)]">
          <section
            aria-label={t("title")}
            className={cn(
              "lg:sticky lg:top-6 lg:max-h-[calc(100dvh-3rem)] lg:overflow-y-auto",
              picked && "max-lg:hidden",
            )}
          >
            <VersionList
              versions={versions}
              chosen={chosen.number}
              picked={picked}
              project={ref}
              label={t("list", { project: project.name })}
            />
          </section>
          <div className={cn(!picked && "max-lg:hidden")}>
            <ClientMessages namespaces={["versions", "models", "tryIt", "imageFilters", "imageFrame"]}>
              <VersionDetail data={data} version={chosen} headingId={DETAIL_ID} />
            </ClientMessages>
          </div>
        </div>
      ) : (
        <EmptyState
          title={t("empty")}
          action={
            may.createVersions ? (
              <LinkButton href={`/${workspace.slug}/${project.slug}/generate`} variant="primary">
                {t("generateFirst")}
              </LinkButton>
            ) : undefined
          }
        >
          {t("emptyText")}
        </EmptyState>
      )}
      <FocusOnArrival
        item="VERSION"
        target={chosen ? DETAIL_ID : PAGE_ID}
        shows={`${chosen?.number ?? ""} ${versions.length}`}
      />
      <ClientMessages namespaces={["versions"]}>
        <AnnounceEnd
          key={project.id}
          versions={versions.map(({ number, name, status, images, imported }) => ({
            number,
            name,
            status,
            images,
            imported,
          }))}
        />
      </ClientMessages>
      <KeepFresh everyMs={waiting || versions.some(({ status }) => status === "GENERATING") ? GENERATING_MS : null} />
    </div>
  );
}
