import { createHmac } from "node:crypto";
import { prisma, query, statement } from "@/lib/platform/db";
import { env } from "@/lib/platform/env";
import type { ReceiptEntryKind } from "@/lib/platform/generated/enums";
import { log } from "@/lib/platform/log";
import { deriveKey, equalSecrets } from "@/lib/platform/secrets";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { authorize, authorizeSystem } from "@/lib/domain/permissions";

/*
 * The head of a chain of receipts, signed with a key that is not in the database. Whoever can write in the database can make a
 * chain anew, or cut its end off with the receipts of that end; then it does not contain any more what was signed. So signed heads
 * go where the database does not reach: into the log, into each download, onto each printed receipt.
 */

/** The last entry of a workspace. */
export interface ReceiptHead {
  number: number;
  hash: string;
  /** `rh1.<workspace id>.<number>.<hash>.<HMAC-SHA256>`; null while the server has no NEXTAUTH_SECRET. */
  signed: string | null;
}

export interface ReceiptEntry {
  number: number;
  kind: ReceiptEntryKind;
  previousHash: string;
  hash: string;
}

const VERSION = "rh1";
const FORM = new RegExp(`^${VERSION}\\.([\\w-]{1,100})\\.(\\d{1,9})\\.([0-9a-f]{64})\\.([\\w-]{43})$`);

function sign(workspaceId: string, number: number, hash: string): string | null {
  const { sessionSecret } = env();
  if (sessionSecret === null) return null;
  const payload = `${VERSION}.${workspaceId}.${number}.${hash}`;
  const key = deriveKey(sessionSecret, "reprieve receipt heads");
  return `${payload}.${createHmac("sha256", key).update(payload).digest("base64url")}`;
}

/** What a signed head says. Throws `invalid_input` when it is none, of another workspace, or not signed by this server. */
export function readSignedHead(workspaceId: string, text: string): { number: number; hash: string } {
  const [, workspace = "", digits, hash = ""] = FORM.exec(text) ?? [];
  const problem = (sentence: string) => new DomainError("invalid_input", sentence, { field: "head" });
  if (digits === undefined)
    throw problem(
      "This is not a signed head. Give it whole, as the log, a download or a printed receipt has it: rh1.….",
    );
  if (workspace !== workspaceId) throw problem("This head is of another workspace.");
  const number = Number(digits);
  const signed = sign(workspaceId, number, hash);
  if (signed === null)
    throw problem("Heads cannot be checked: set NEXTAUTH_SECRET to the value that the web server has.");
  if (!equalSecrets(signed, text))
    throw problem(
      "This head was not signed with this server's NEXTAUTH_SECRET: it was altered, or the secret was changed since.",
    );
  return { number, hash };
}

/** The head of a workspace as it is now, signed; null before its first receipt. */
export async function getReceiptHead(ctx: Context, { workspaceSlug }: { workspaceSlug: string }) {
  const { workspaceId } = authorize(ctx, "read trash", workspaceSlug);
  return readHead(workspaceId);
}

async function readHead(workspaceId: string): Promise<ReceiptHead | null> {
  const head = await prisma().receiptHead.findUnique({
    where: { workspaceId },
    select: { number: true, hash: true },
  });
  return head && { ...head, signed: sign(workspaceId, head.number, head.hash) };
}

/** Where a receipt stands in the chain, oldest first, and the chain's head. Throws `not_found`. */
export async function getReceiptProof(
  ctx: Context,
  input: { workspaceSlug: string; receiptId: string },
): Promise<{ entries: ReceiptEntry[]; head: ReceiptHead | null }> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const receipt = await prisma().purgeReceipt.findFirst({
    where: { workspaceId, id: input.receiptId },
    select: { id: true },
  });
  if (!receipt) throw new DomainError("not_found", "There is no such receipt.");
  const items = await prisma().receiptEntryItem.findMany({
    where: { receiptId: receipt.id },
    select: { number: true },
  });
  const entries = await prisma().receiptEntry.findMany({
    where: { workspaceId, number: { in: items.map(({ number }) => number) } },
    orderBy: { number: "asc" },
    select: { number: true, kind: true, previousHash: true, hash: true },
  });
  return { entries, head: await readHead(workspaceId) };
}

/** Locks; a head that somebody is appending to is passed over, and will have moved again. */
const TAKE_MOVED = statement({
  name: "receipt-heads-take-moved",
  text: `
update receipt_heads h set logged_number = h.number from workspaces w
where w.id = h.workspace_id and h.workspace_id in (
  select workspace_id from receipt_heads where number > logged_number order by workspace_id limit 1000 for update skip locked)
returning h.workspace_id as "workspaceId", w.slug, h.number, h.hash`,
});

/** Writes the heads that moved since they were last written to the log, signed. */
export async function logMovedHeads(ctx: Context): Promise<void> {
  authorizeSystem(ctx);
  const moved = await query<{ workspaceId: string; slug: string; number: number; hash: string }>(TAKE_MOVED, []);
  for (const { workspaceId, slug, number, hash } of moved)
    log().info(
      { workspace: slug, head: sign(workspaceId, number, hash) ?? `unsigned ${number} ${hash}` },
      "receipts head",
    );
}
