import { getTranslations } from "next-intl/server";
import { Breadcrumbs } from "@/app/_ui/breadcrumbs";
import { cn } from "@/app/_ui/class-names";
import { ClientMessages } from "@/app/_ui/client-messages";
import { EmptyState } from "@/app/_ui/empty-state";
import { LinkButton } from "@/app/_ui/link-button";
import type { VersionsPage } from "@/lib/domain/versions-page";
import { FocusOnArrival } from "../../_deleting/arrival";
import { KeepFresh } from "./keep-fresh";
import { VersionDetail } from "./version-detail";
import { VersionList } from "./version-list";

export const DETAIL_ID = "chosen-version";
const PAGE_ID = "versions";

/** The list at the left, the chosen version at the right. On narrow screens the list, and once one is `picked`, that version. */
export async function VersionsView({ data, picked }: { data: VersionsPage; picked: boolean }) {
  const { workspace, project, versions, chosen } = data;
  const t = await getTranslations("versions");
  const home = `/${workspace.slug}/${project.slug}`;
  return (
    <div className="grid gap-5">
      <header className="grid gap-3">
        <Breadcrumbs items={[{ label: workspace.name, href: `/${workspace.slug}` }, ...(picked && chosen ? [{ label: project.name, href: home }, { label: t("number", { number: String(chosen.number) }) }] : [{ label: project.name }])]} />
        <h1 id={PAGE_ID} tabIndex={-1} className={cn("truncate text-xl font-semibold tracking-tight", picked && "max-lg:sr-only")}>
          <bdi>{project.name}</bdi>
        </h1>
      </header>
      {chosen ? (
        <div className="grid items-start gap-8 lg:grid-cols-[17rem_minmax(0,1fr)]">
          <section aria-label={t("title")} className={cn("lg:sticky lg:top-6 lg:max-h-[calc(100dvh-3rem)] lg:overflow-y-auto", picked && "max-lg:hidden")}>
            <VersionList versions={versions} chosen={chosen.number} picked={picked} project={{ workspaceSlug: workspace.slug, projectSlug: project.slug }} label={t("list", { project: project.name })} />
          </section>
          <div className={cn(!picked && "max-lg:hidden")}>
            <ClientMessages namespaces={["versions"]}>
              <VersionDetail data={data} version={chosen} headingId={DETAIL_ID} />
            </ClientMessages>
          </div>
        </div>
      ) : (
        <EmptyState title={t("empty")} action={<LinkButton href={`/${workspace.slug}/settings/api-keys`}>{t("apiKeys")}</LinkButton>}>
          {t("emptyText")}
        </EmptyState>
      )}
      <FocusOnArrival item="version" target={chosen ? DETAIL_ID : PAGE_ID} shows={`${chosen?.number ?? ""} ${versions.length}`} />
      <KeepFresh busy={versions.some(({ status }) => status === "GENERATING") || (chosen?.trainings.some(({ endedAt }) => endedAt === null) ?? false)} />
    </div>
  );
}
