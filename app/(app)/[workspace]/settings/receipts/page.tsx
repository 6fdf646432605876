import { Download } from "lucide-react";
import type { Metadata } from "next";
import { getLocale, getTranslations } from "next-intl/server";
import { redirect } from "next/navigation";
import { Badge } from "@/app/_ui/badge";
import { buttonStyle } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { ClientMessages } from "@/app/_ui/client-messages";
import { EmptyState } from "@/app/_ui/empty-state";
import { LinkButton } from "@/app/_ui/link-button";
import { formatBytes } from "@/app/_ui/number";
import { PageHeader } from "@/app/_ui/page-header";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/app/_ui/table";
import { TextLink } from "@/app/_ui/text-link";
import { Time } from "@/app/_ui/time";
import { authorize } from "@/lib/domain/permissions";
import { listReceipts, summarizeWaiting, type Receipt, type WaitingReceipts } from "@/lib/domain/trash";
import { pageOr } from "@/lib/doors/page";
import { readTimeZone } from "@/lib/doors/preferences";
import { parseReceiptPlace, parseReceiptView, receiptQuery, toReceiptFilters } from "@/lib/doors/receipts/view";
import { receiptName, receiptsPath, StoreProblem } from "../../_receipts/receipt-facts";
import { ReceiptFilters } from "./filters";

interface Props {
  params: Promise<{ workspace: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

const RECEIPTS_A_PAGE = 50;

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("receipts"))("title") };
}

/** What was purged, and whether it is proved gone: newest first, the rest of it as the address says. */
export default async function ReceiptsPage({ params, searchParams }: Props) {
  const [{ workspace: slug }, raw, timeZone] = [await params, await searchParams, await readTimeZone()];
  const [view, place, path] = [parseReceiptView(raw), parseReceiptPlace(raw), receiptsPath(slug)];
  const read = await pageOr(["invalid_input"], async (ctx) => ({
    workspace: authorize(ctx, "read trash", slug),
    list: await listReceipts(ctx, {
      workspaceSlug: slug,
      limit: RECEIPTS_A_PAGE,
      cursor: place.newer ?? place.older,
      towards: place.newer ? "newer" : "older",
      ...toReceiptFilters(view, timeZone),
    }),
    waiting: await summarizeWaiting(ctx, { workspaceSlug: slug }),
  }));
  // A place to read on from that we never gave: begin anew.
  if (!read.ok) redirect(`${path}${receiptQuery(view)}`);
  const { workspace, list, waiting } = read.data;
  const t = await getTranslations("receipts");
  const query = receiptQuery(view);
  const nothingYet = list.receipts.length === 0 && query === "" && list.newer === null;
  return (
    <div className="grid gap-6">
      <PageHeader
        breadcrumbs={[{ label: workspace.name, href: `/${slug}` }, { label: t("title") }]}
        title={t("title")}
        meta={<p className="max-w-2xl">{t("about")}</p>}
        actions={
          nothingYet
            ? null
            : (["csv", "json"] as const).map((format) => (
                <a key={format} href={`/data/${slug}/receipts/${format}${query}`} download className={buttonStyle()}>
                  <Download aria-hidden />
                  {t(format === "csv" ? "downloadCsv" : "downloadJson")}
                </a>
              ))
        }
      />
      {waiting.failing ? <Failing waiting={waiting} path={path} /> : null}
      {nothingYet ? (
        <EmptyState title={t("empty")}>{t("emptyText")}</EmptyState>
      ) : (
        <div className="grid gap-3">
          <ClientMessages namespaces={["receipts"]}>
            <ReceiptFilters path={path} view={view} />
          </ClientMessages>
          {list.receipts.length > 0 ? (
            <Receipts receipts={list.receipts} path={path} />
          ) : (
            <EmptyState
              title={t("noMatch")}
              action={query === "" ? null : <LinkButton href={path}>{t("clearFilters")}</LinkButton>}
            />
          )}
          {list.newer || list.older ? (
            <nav aria-label={t("pages")} className="flex flex-wrap gap-2">
              {list.newer ? (
                <>
                  <LinkButton href={`${path}${query}`}>{t("newest")}</LinkButton>
                  <LinkButton href={`${path}${receiptQuery(view, { newer: list.newer })}`}>{t("newer")}</LinkButton>
                </>
              ) : null}
              <span className="grow" />
              {list.older ? (
                <LinkButton href={`${path}${receiptQuery(view, { older: list.older })}`}>{t("older")}</LinkButton>
              ) : null}
            </nav>
          ) : null}
        </div>
      )}
    </div>
  );
}

/** What a store that fails has not given back, why, and when it is tried again. */
async function Failing({ waiting: { failing, more }, path }: { waiting: WaitingReceipts; path: string }) {
  if (!failing) return null;
  const [t, locale] = [await getTranslations("receipts"), await getLocale()];
  const size = formatBytes(locale, failing.bytes);
  return (
    <Callout
      tone="warn"
      action={
        <TextLink href={`${path}${receiptQuery({ state: "waiting" })}`} className="whitespace-nowrap">
          {t("showWaiting")}
        </TextLink>
      }
    >
      <p className="font-medium">{t("failing", { more: String(more), size, count: failing.receipts })}</p>
      <p className="text-muted">
        <StoreProblem receipt={{ lastError: failing.reason, nextAttemptAt: failing.nextAttemptAt }} />
      </p>
    </Callout>
  );
}

async function Receipts({ receipts, path }: { receipts: Receipt[]; path: string }) {
  const t = await getTranslations("receipts");
  return (
    <Table label={t("title")}>
      <TableHead>
        <TableRow>
          <TableHeader>{t("columns.what")}</TableHeader>
          <TableHeader className="max-sm:hidden">{t("columns.purged")}</TableHeader>
          <TableHeader className="max-md:hidden">{t("columns.by")}</TableHeader>
          <TableHeader numeric className="max-md:hidden">
            {t("columns.files")}
          </TableHeader>
          <TableHeader>{t("columns.proof")}</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {receipts.map((receipt) => (
          <ReceiptRow key={receipt.id} receipt={receipt} path={path} />
        ))}
      </TableBody>
    </Table>
  );
}

async function ReceiptRow({ receipt, path }: { receipt: Receipt; path: string }) {
  const [t, one, locale] = [await getTranslations("receipts"), await getTranslations("receipt"), await getLocale()];
  const { projectSlug, versionNumber, verifiedAt, reason } = receipt;
  return (
    <TableRow className="align-top">
      <TableHeader scope="row" className="w-full min-w-40 font-normal">
        <TextLink href={`${path}/${receipt.id}`} className="font-medium">
          <bdi>{await receiptName(receipt)}</bdi>
        </TextLink>
        <span className="block font-mono text-xs text-muted">
          {projectSlug}
          {versionNumber === null ? "" : ` v${versionNumber}`}
        </span>
        <span className="mt-0.5 block text-muted sm:hidden">
          <Time at={receipt.purgedAt} />
        </span>
      </TableHeader>
      <TableCell className="whitespace-nowrap text-muted max-sm:hidden">
        <Time at={receipt.purgedAt} />
      </TableCell>
      <TableCell className="min-w-40 max-md:hidden">
        {receipt.actorType === "SYSTEM" ? one("scheduledRun") : receipt.actorName}
        {reason === "WITH_PARENT" ? <span className="block text-muted">{t("withProject")}</span> : null}
      </TableCell>
      <TableCell numeric className="max-md:hidden">
        {one("filesValue", {
          count: verifiedAt ? receipt.removedFiles : receipt.expectedFiles,
          size: formatBytes(locale, verifiedAt ? receipt.removedBytes : receipt.expectedBytes),
        })}
      </TableCell>
      <TableCell className="min-w-32">
        <Badge tone={verifiedAt ? "ok" : "warn"}>{one(verifiedAt ? "verified" : "unverified")}</Badge>
        {!verifiedAt && receipt.lastError !== null ? (
          <span className="mt-1 block text-sm text-muted">
            <StoreProblem receipt={receipt} />
          </span>
        ) : null}
      </TableCell>
    </TableRow>
  );
}
