import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import Link from "next/link";
import { Badge } from "@/app/_ui/badge";
import { buttonStyle } from "@/app/_ui/button";
import { EmptyState } from "@/app/_ui/empty-state";
import { escapeName } from "@/app/_ui/exact-name";
import { LinkButton } from "@/app/_ui/link-button";
import { PageHeader } from "@/app/_ui/page-header";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/app/_ui/table";
import { Time } from "@/app/_ui/time";
import { getAuditActors, listAuditEvents } from "@/lib/domain/workspaces";
import { authorize } from "@/lib/domain/permissions";
import { page, pageOr } from "@/lib/doors/page";
import { readTimeZone } from "@/lib/doors/preferences";
import {
  auditDownloadHref,
  auditHref,
  isFiltered,
  readAuditQuery,
  toAuditFilter,
  type AuditQuery,
} from "@/lib/doors/workspaces/audit-query";
import { AuditFilters } from "./filters";
import { nameOfTarget, Sentence, type LoggedEvent } from "./sentence";

interface Props {
  params: Promise<{ workspace: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

const EVENTS_A_PAGE = 50;

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("audit"))("title") };
}

export default async function AuditLogPage({ params, searchParams }: Props) {
  const [{ workspace: slug }, query] = [await params, readAuditQuery(await searchParams)];
  const { workspace, actors } = await page(async (ctx) => ({
    workspace: authorize(ctx, "read audit log", slug),
    actors: await getAuditActors(ctx, slug),
  }));
  const timeZone = await readTimeZone();
  const log = await pageOr(["invalid_input"], async (ctx) =>
    listAuditEvents(ctx, {
      ...toAuditFilter(query, timeZone),
      workspaceSlug: slug,
      limit: EVENTS_A_PAGE,
      before: query.before,
      after: query.after,
    }),
  );
  const t = await getTranslations("audit");
  const { before, after, ...filters } = query;
  const [first] = log.ok ? log.data.events : [];
  return (
    <div className="grid gap-6">
      <PageHeader
        breadcrumbs={[{ label: workspace.name, href: `/${slug}` }, { label: t("title") }]}
        title={t("title")}
        meta={<p>{t("about")}</p>}
        actions={log.ok ? <Downloads workspaceSlug={slug} query={query} /> : null}
      />
      <div className="grid gap-3">
        <AuditFilters
          workspaceSlug={slug}
          query={query}
          actors={actors}
          itemName={first ? await nameOfTarget(first) : null}
        />
        {log.ok ? (
          <>
            {log.data.events.length > 0 ? (
              <Events events={log.data.events} workspaceSlug={slug} query={filters} />
            ) : log.data.older !== null || log.data.newer !== null ? (
              <EmptyState title={t("noneHere")}>{t("noneHereText")}</EmptyState>
            ) : (
              <EmptyState title={isFiltered(query) || before || after ? t("noneMatches") : t("empty")} />
            )}
            <Pages workspaceSlug={slug} query={query} newer={log.data.newer} older={log.data.older} />
          </>
        ) : (
          <EmptyState
            title={t(log.error.details["field"] === "cursor" ? "noSuchPage" : "noSuchFilter")}
            action={
              <LinkButton href={auditHref(slug, log.error.details["field"] === "cursor" ? filters : {})}>
                {t(log.error.details["field"] === "cursor" ? "newest" : "showAll")}
              </LinkButton>
            }
          />
        )}
      </div>
    </div>
  );
}

/** All that the filters find, not only this page. */
async function Downloads({ workspaceSlug, query }: { workspaceSlug: string; query: AuditQuery }) {
  const t = await getTranslations("audit");
  return (
    <div role="group" aria-label={t("download")} className="flex items-center gap-2">
      <span className="text-sm text-muted">{t("download")}</span>
      {(["csv", "json"] as const).map((format) => (
        <a key={format} href={auditDownloadHref(workspaceSlug, format, query)} download className={buttonStyle({})}>
          {t(format)}
        </a>
      ))}
    </div>
  );
}

async function Pages({
  workspaceSlug,
  query: { before, after, ...filters },
  newer,
  older,
}: {
  workspaceSlug: string;
  query: AuditQuery;
  newer: string | null;
  older: string | null;
}) {
  const t = await getTranslations("audit");
  if (newer === null && older === null && before === undefined && after === undefined) return null;
  return (
    <nav aria-label={t("pages")} className="flex flex-wrap justify-between gap-2">
      <span className="flex flex-wrap gap-2">
        {before === undefined && after === undefined ? null : (
          <LinkButton href={auditHref(workspaceSlug, filters)}>{t("newest")}</LinkButton>
        )}
        {newer === null ? null : (
          <LinkButton href={auditHref(workspaceSlug, { ...filters, after: newer })}>{t("newer")}</LinkButton>
        )}
      </span>
      {older === null ? null : (
        <LinkButton href={auditHref(workspaceSlug, { ...filters, before: older })}>{t("older")}</LinkButton>
      )}
    </nav>
  );
}

interface RowProps {
  event: LoggedEvent;
  workspaceSlug: string;
  query: AuditQuery;
}

async function Events({ events, ...rest }: Omit<RowProps, "event"> & { events: readonly LoggedEvent[] }) {
  const t = await getTranslations("audit");
  return (
    <Table label={t("title")}>
      <TableHead>
        <TableRow>
          <TableHeader className="max-sm:hidden">{t("when")}</TableHeader>
          <TableHeader className="max-sm:hidden">{t("who")}</TableHeader>
          <TableHeader>{t("what")}</TableHeader>
          <TableHeader className="max-sm:hidden">
            <span className="sr-only">{t("history")}</span>
          </TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {events.map((event) => (
          <TableRow key={event.id} className="align-top">
            <TableCell className="text-muted max-sm:hidden">
              <When event={event} />
            </TableCell>
            <TableCell className="min-w-36 max-sm:hidden">
              <Who event={event} {...rest} />
            </TableCell>
            <TableCell className="w-full sm:min-w-64">
              <Sentence event={event} workspaceSlug={rest.workspaceSlug} />
              <div className="mt-0.5 flex flex-wrap items-center gap-x-3 text-muted sm:hidden">
                <Who event={event} {...rest} />
                <When event={event} />
                <History event={event} {...rest} />
              </div>
            </TableCell>
            <TableCell className="max-sm:hidden">
              <History event={event} {...rest} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

const MINUTE_MS = 60_000;

/** When it was; of a batch that went on, from when to when. */
async function When({ event: { at, details } }: { event: LoggedEvent }) {
  const t = await getTranslations("audit");
  const until = typeof details["until"] === "string" ? new Date(details["until"]) : at;
  return (
    <span className="inline-flex flex-col whitespace-nowrap">
      <Time at={at} />
      {until.getTime() - at.getTime() >= MINUTE_MS ? (
        <span>{t.rich("until", { time: () => <Time at={until} /> })}</span>
      ) : null}
    </span>
  );
}

/** The person, and the way to all they did; marked where a key acted for them, or where nobody did. */
async function Who({ event: { actorType, actorId, actorName, keyName }, workspaceSlug, query }: RowProps) {
  const t = await getTranslations("audit");
  const all = (
    <Link
      prefetch={false}
      href={auditHref(workspaceSlug, { ...query, actor: actorId })}
      className="rounded-sm underline-offset-2 hover:underline"
    >
      {escapeName(actorName)}
    </Link>
  );
  if (actorType === "USER") return all;
  return (
    <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
      {actorType === "API_KEY" ? (
        <>
          {all}
          <Badge>{keyName === null ? t("byKey") : t("byNamedKey", { name: keyName })}</Badge>
        </>
      ) : (
        <>
          {t("system")}
          <code className="font-mono text-xs text-muted">{all}</code>
        </>
      )}
    </span>
  );
}

/** The way to all that happened to the same item; not on the page that is this already. */
async function History({ event, workspaceSlug, query }: RowProps) {
  if (query.item === event.targetId) return null;
  const t = await getTranslations("audit");
  return (
    <Link
      prefetch={false}
      href={auditHref(workspaceSlug, { item: event.targetId })}
      aria-label={t("historyOf", { name: await nameOfTarget(event) })}
      className="rounded-sm whitespace-nowrap text-muted underline-offset-2 hover:text-ink hover:underline"
    >
      {t("history")}
    </Link>
  );
}
