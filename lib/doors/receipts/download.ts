import type { Context } from "@/lib/domain/context";
import { getReceiptHead, listReceipts, RECEIPT_PAGE_MAX, type Receipt, type ReceiptFilters } from "@/lib/domain/trash";
import { CSV_START, csvRow } from "@/lib/doors/csv";
import { presentReceipt } from "./presenters";

/*
 * Receipts as a file, however many: read in pages while they are sent. The signed head of the chain is read after the last of
 * them and stands at the end, so that it covers all that stand before it; a file without one was cut off on its way.
 */

export const DOWNLOAD_FORMATS = ["csv", "json"] as const;
export type DownloadFormat = (typeof DOWNLOAD_FORMATS)[number];

const CONTENT_TYPES = { csv: "text/csv; charset=utf-8", json: "application/json" } as const;

/** Throws as listReceipts does, before anything is sent. */
export async function downloadReceipts(
  ctx: Context,
  input: { workspaceSlug: string; format: DownloadFormat } & ReceiptFilters,
): Promise<Response> {
  const pages = readPages(ctx, input);
  const firstPage = await pages.next();
  const lines = input.format === "csv" ? csv : json;
  const parts = lines(ctx, input.workspaceSlug, firstPage.value ?? [], pages);
  const fileName = `receipts-${input.workspaceSlug}-${ctx.now.toISOString().slice(0, 10)}.${input.format}`;
  return new Response(toStream(parts), {
    headers: {
      "Content-Type": CONTENT_TYPES[input.format],
      "Content-Disposition": `attachment; filename="${fileName}"`,
      "X-Content-Type-Options": "nosniff",
    },
  });
}

async function* readPages(
  ctx: Context,
  input: { workspaceSlug: string } & ReceiptFilters,
): AsyncGenerator<Receipt[], undefined> {
  let cursor: string | undefined;
  do {
    const page = await listReceipts(ctx, { ...input, limit: RECEIPT_PAGE_MAX, cursor });
    yield page.receipts;
    cursor = page.older ?? undefined;
  } while (cursor !== undefined);
}

const signedHead = async (ctx: Context, workspaceSlug: string): Promise<string | null> =>
  (await getReceiptHead(ctx, { workspaceSlug }))?.signed ?? null;

type Pages = AsyncGenerator<Receipt[], undefined>;

async function* json(ctx: Context, workspaceSlug: string, firstPage: Receipt[], pages: Pages): AsyncGenerator<string> {
  yield `{"workspace":${JSON.stringify(workspaceSlug)},"downloadedAt":"${ctx.now.toISOString()}","receipts":[`;
  let separator = "\n";
  for (let page: Receipt[] | undefined = firstPage; page; page = (await pages.next()).value) {
    if (page.length === 0) continue;
    yield `${separator}${page.map((receipt) => JSON.stringify(presentReceipt(receipt))).join(",\n")}`;
    separator = ",\n";
  }
  yield `\n],"head":${JSON.stringify(await signedHead(ctx, workspaceSlug))}}\n`;
}

/** The columns of a table, in order, and what stands in each. */
const COLUMNS: [string, (receipt: ReturnType<typeof presentReceipt>) => unknown][] = [
  ["receipt", ({ id }) => id],
  ["purged_at", ({ purgedAt }) => purgedAt],
  ["type", ({ type }) => type],
  ["name", ({ name }) => name],
  ["project", ({ project }) => project],
  ["version", ({ version }) => version],
  ["training", ({ training }) => training],
  ["purged_by", ({ purgedBy }) => purgedBy.name],
  ["purged_by_type", ({ purgedBy }) => purgedBy.type],
  ["reason", ({ reason }) => reason],
  ["note", ({ note }) => note],
  ["deleted_at", ({ deletedAt }) => deletedAt],
  ["deleted_by", ({ deletedBy, deletedByName }) => deletedByName ?? deletedBy],
  ["deleted_note", ({ deletedNote }) => deletedNote],
  ["scheduled_purge", ({ scheduledCleanupAt }) => scheduledCleanupAt],
  ["versions", ({ lost }) => lost.versions],
  ["generated_images", ({ lost }) => lost.images],
  ["uploaded_images", ({ lost }) => lost.sourceImages],
  ["trainings", ({ lost }) => lost.trainings],
  ["models", ({ lost }) => lost.models],
  ["files_expected", ({ files }) => files.expected],
  ["bytes_expected", ({ files }) => files.expectedBytes],
  ["files_removed", ({ files }) => files.removed],
  ["bytes_removed", ({ files }) => files.removedBytes],
  ["files_missing", ({ files }) => files.missing],
  ["late_files", ({ files }) => files.late],
  ["late_bytes", ({ files }) => files.lateBytes],
  ["verified_at", ({ verifiedAt }) => verifiedAt],
  ["looked_again_at", ({ lookedAgainAt }) => lookedAgainAt],
  ["store_problem", ({ waiting }) => waiting?.reason],
  ["next_attempt_at", ({ waiting }) => waiting?.nextAttemptAt],
  ["parent_receipt", ({ parentReceiptId }) => parentReceiptId],
];

async function* csv(ctx: Context, workspaceSlug: string, firstPage: Receipt[], pages: Pages): AsyncGenerator<string> {
  yield CSV_START + csvRow(COLUMNS.map(([name]) => name));
  for (let page: Receipt[] | undefined = firstPage; page; page = (await pages.next()).value) {
    if (page.length === 0) continue;
    const presented = page.map(presentReceipt);
    yield presented.map((receipt) => csvRow(COLUMNS.map(([, read]) => read(receipt)))).join("");
  }
  // as wide as every other row, which programs that read tables expect
  yield csvRow(["signed_head", await signedHead(ctx, workspaceSlug), ...COLUMNS.slice(2).map(() => null)]);
}

/** What is made only as fast as it is taken; left off when whoever takes it goes away. */
function toStream(parts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await parts.return(undefined);
    },
  });
}
