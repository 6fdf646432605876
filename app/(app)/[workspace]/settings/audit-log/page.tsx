import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import Link from "next/link";
import { Badge } from "@/app/_ui/badge";
import { EmptyState } from "@/app/_ui/empty-state";
import { LinkButton } from "@/app/_ui/link-button";
import { PageHeader } from "@/app/_ui/page-header";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/app/_ui/table";
import { Time } from "@/app/_ui/time";
import { AUDIT_GROUPS, type AuditEvent, type AuditGroup, listAuditEvents } from "@/lib/domain/workspaces";
import { authorize } from "@/lib/domain/permissions";
import { page, pageOr } from "@/lib/doors/page";
import { Sentence } from "./sentence";

interface Props {
  params: Promise<{ workspace: string }>;
  searchParams: Promise<{ show?: string | string[]; before?: string | string[] }>;
}

const EVENTS_A_PAGE = 50;

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("audit"))("title") };
}

export default async function AuditLogPage({ params, searchParams }: Props) {
  const [{ workspace: slug }, { show, before }] = [await params, await searchParams];
  const group = AUDIT_GROUPS.find((known) => known === show);
  const cursor = typeof before === "string" ? before : undefined;
  const workspace = await page(async (ctx) => authorize(ctx, "read audit log", slug));
  const log = await pageOr(["invalid_input"], (ctx) =>
    listAuditEvents(ctx, { workspaceSlug: slug, limit: EVENTS_A_PAGE, group, cursor }),
  );
  const t = await getTranslations("audit");
  const hrefOf = (query: { show?: AuditGroup | undefined; before?: string | undefined }) => {
    const search = new URLSearchParams(
      Object.entries(query).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, value]],
      ),
    );
    return `/${slug}/settings/audit-log${search.size > 0 ? `?${search}` : ""}`;
  };
  const newest = hrefOf({ show: group });
  const nextCursor = log.ok ? log.data.nextCursor : null;
  const older = nextCursor === null ? null : hrefOf({ show: group, before: nextCursor });
  return (
    <div className="grid gap-6">
      <PageHeader
        breadcrumbs={[{ label: workspace.name, href: `/${slug}` }, { label: t("title") }]}
        title={t("title")}
        meta={<p>{t("about")}</p>}
      />
      <div className="grid gap-3">
        <nav aria-label={t("show")} className="flex flex-wrap gap-1.5">
          {[undefined, ...AUDIT_GROUPS].map((known) => (
            <Link
              key={known ?? "all"}
              href={hrefOf({ show: known })}
              prefetch={false}
              aria-current={known === group ? "true" : undefined}
              className="inline-flex h-7 items-center rounded-md px-2.5 text-sm text-muted transition-colors duration-100 hover:bg-hover hover:text-ink aria-[current]:bg-accent-soft aria-[current]:font-medium aria-[current]:text-accent pointer-coarse:h-9"
            >
              {t(`groups.${known ?? "all"}`)}
            </Link>
          ))}
        </nav>
        {!log.ok ? (
          <EmptyState title={t("noSuchPage")} action={<LinkButton href={newest}>{t("newest")}</LinkButton>} />
        ) : log.data.events.length > 0 ? (
          <Events events={log.data.events} />
        ) : older ? (
          <EmptyState title={t("noneHere")}>{t("noneHereText")}</EmptyState>
        ) : (
          <EmptyState
            title={group === undefined && cursor === undefined ? t("empty") : t("noneMatches")}
            action={group || cursor ? <LinkButton href={hrefOf({})}>{t("showAll")}</LinkButton> : undefined}
          />
        )}
        {log.ok && (older || cursor) ? (
          <nav aria-label={t("pages")} className="flex flex-wrap justify-between gap-2">
            {cursor ? <LinkButton href={newest}>{t("newest")}</LinkButton> : <span />}
            {older ? <LinkButton href={older}>{t("older")}</LinkButton> : null}
          </nav>
        ) : null}
      </div>
    </div>
  );
}

async function Events({ events }: { events: AuditEvent[] }) {
  const t = await getTranslations("audit");
  return (
    <Table label={t("title")}>
      <TableHead>
        <TableRow>
          <TableHeader className="max-sm:hidden">{t("when")}</TableHeader>
          <TableHeader className="max-sm:hidden">{t("who")}</TableHeader>
          <TableHeader>{t("what")}</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {events.map((event) => (
          <TableRow key={event.id} className="align-top">
            <TableCell className="text-muted max-sm:hidden">
              <Time at={event.at} />
            </TableCell>
            <TableCell className="min-w-36 max-sm:hidden">
              <Who event={event} />
            </TableCell>
            <TableCell className="w-full sm:min-w-64">
              <Sentence event={event} />
              <div className="mt-0.5 flex flex-wrap items-center gap-x-3 text-muted sm:hidden">
                <Who event={event} />
                <Time at={event.at} />
              </div>
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

/** The person; marked where a key acted for them, or where nobody did. */
async function Who({ event }: { event: AuditEvent }) {
  const t = await getTranslations("audit");
  switch (event.actorType) {
    case "USER":
      return event.actorName;
    case "API_KEY":
      return (
        <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
          {event.actorName}
          <Badge>{event.keyName === null ? t("byKey") : t("byNamedKey", { name: event.keyName })}</Badge>
        </span>
      );
    case "SYSTEM":
      return (
        <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
          {t("system")}
          <code className="font-mono text-xs text-muted">{event.actorName}</code>
        </span>
      );
  }
}
