import type { Metadata } from "next";
import { getTimeZone, getTranslations } from "next-intl/server";
import { redirect } from "next/navigation";
import { ClientMessages } from "@/app/_ui/client-messages";
import { EmptyState } from "@/app/_ui/empty-state";
import { LinkButton } from "@/app/_ui/link-button";
import { Bytes } from "@/app/_ui/number";
import { PageHeader } from "@/app/_ui/page-header";
import { Time } from "@/app/_ui/time";
import { readTrash, type TrashOverview, type TrashSection } from "@/lib/domain/trash";
import { pageOr } from "@/lib/doors/page";
import { activityHref } from "./activity-href";
import { ActiveFilters } from "./active-filters";
import { TrashDesk } from "./desk";
import { JobsUnderWay } from "./jobs-under-way";
import { TrashFilters } from "./filters";
import { SelectionBar, TrashActions } from "./page-controls";
import { labelOf } from "./label";
import type { Row } from "./rows";
import { Schedule, ScheduleAlarms } from "./schedule";
import { Section } from "./section";
import type { TrashFacts } from "./use-desk";
import { filtersOf, parseTrashQuery, toTrashView, trashHref, type TrashQuery } from "./view-query";

interface Props {
  params: Promise<{ workspace: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("trash"))("title") };
}

export default async function TrashPage({ params, searchParams }: Props) {
  const [{ workspace: slug }, query, timeZone, t] = [
    await params,
    parseTrashQuery(await searchParams),
    await getTimeZone(),
    await getTranslations("trash"),
  ];
  const read = await pageOr(["invalid_input"], (ctx) =>
    readTrash(ctx, { workspaceSlug: slug, ...toTrashView(query, timeZone), cursors: query.cursors }),
  );
  // A place to read on from that we never gave: begin anew.
  if (!read.ok) redirect(trashHref(slug, { ...query, cursors: {} }));
  const overview = read.data;
  const { workspace, summary, sections, choices, mayRestore, mayPurge, jobs } = overview;
  const shown = sections.filter(
    ({ items, previousCursor, nextCursor }) => items.length > 0 || previousCursor !== null || nextCursor !== null,
  );
  const empty = summary.items === 0;

  const rows = shown.flatMap(({ items }) =>
    items.map((item): Row => {
      const { type, id, name, deletedAt, projectId, projectName, versionId, number, blockedBy, loss } = item;
      return {
        type,
        id,
        name,
        deletedAt,
        projectId,
        projectName,
        versionId,
        number,
        blockedBy,
        loss,
        label: labelOf(t, item),
      };
    }),
  );

  return (
    <ClientMessages namespaces={["trash"]}>
      <TrashDesk
        facts={{
          workspaceSlug: slug,
          mayPurge,
          matching: matchingOf(query, timeZone, sections),
        }}
        rows={rows}
      >
        <div className="grid gap-6">
          <PageHeader
            breadcrumbs={[{ label: workspace.name, href: `/${slug}` }, { label: t("title") }]}
            title={t("title")}
            meta={empty ? null : <Summary overview={overview} />}
            actions={
              <>
                <LinkButton variant="ghost" href={activityHref(slug)}>
                  {t("activity.link")}
                </LinkButton>
                {empty ? null : <TrashActions mayRestore={mayRestore} />}
              </>
            }
          />
          <JobsUnderWay workspaceSlug={slug} jobs={jobs} />
          <ScheduleAlarms workspaceSlug={slug} />
          {empty ? (
            <EmptyState title={t("empty")}>{t("emptyText")}</EmptyState>
          ) : (
            <>
              <div className="grid gap-2">
                <TrashFilters workspaceSlug={slug} query={query} choices={choices} />
                <ActiveFilters workspaceSlug={slug} query={query} choices={choices} />
              </div>
              {shown.length > 0 ? (
                shown.map((section) => (
                  <Section key={section.type} overview={overview} section={section} query={query} />
                ))
              ) : (
                <NothingMatches slug={slug} query={query} />
              )}
            </>
          )}
          <Schedule workspaceSlug={slug} />
          <SelectionBar />
        </div>
      </TrashDesk>
    </ClientMessages>
  );
}

/** What the view matches beyond what the page shows of it; null when that is all. */
function matchingOf(query: TrashQuery, timeZone: string, sections: readonly TrashSection[]): TrashFacts["matching"] {
  if (sections.every(({ previousCursor, nextCursor }) => previousCursor === null && nextCursor === null)) return null;
  const totals = sections.map(({ total }) => (total === null || total.more ? null : total.count));
  const count = totals.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0);
  const { order: _order, ...view } = toTrashView(query, timeZone);
  return { set: filtersOf(query).length > 0 ? { view } : "all", count };
}

/** All of Trash in figures, whatever the filters show. */
async function Summary({ overview: { summary, purgeIsDue } }: { overview: TrashOverview }) {
  const [t, common] = [await getTranslations("trash"), await getTranslations("common")];
  const { items, images, bytes, more, nextPurgeAt } = summary;
  return (
    <p className="flex flex-wrap gap-x-2">
      <span>{more ? t("itemsMore", { count: items }) : t("items", { count: items })}</span>
      <span aria-hidden>·</span>
      <span>{common("images", { count: images })}</span>
      <span aria-hidden>·</span>
      <Bytes value={bytes} />
      {nextPurgeAt ? (
        <>
          <span aria-hidden>·</span>
          <span>{purgeIsDue ? t("nextPurgeDue") : t.rich("nextPurge", { time: () => <Time at={nextPurgeAt} /> })}</span>
        </>
      ) : null}
    </p>
  );
}

async function NothingMatches({ slug, query }: { slug: string; query: TrashQuery }) {
  const t = await getTranslations("trash");
  return (
    <EmptyState
      title={t("noMatch")}
      action={
        filtersOf(query).length > 0 ? (
          <LinkButton href={trashHref(slug, { order: query.order })}>{t("clearFilters")}</LinkButton>
        ) : null
      }
    />
  );
}
