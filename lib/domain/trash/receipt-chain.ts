import { statement, type Queries } from "@/lib/platform/db";
import type { ReceiptEntryKind } from "@/lib/platform/generated/enums";

/*
 * What became of receipts, chained. A receipt changes after its purge (its files are proved gone, late ones turn up, a
 * project's totals are known), so it is not the receipts that are chained but entries, which never change: one for each
 * transaction that wrote or changed receipts, with all of them as they stood at its end, and with the hash of the entry before it
 * in the workspace. A receipt is what its last entry says, or somebody altered it (receipt-verification.ts).
 */

/** What the first entry of a workspace follows. */
export const NOTHING_BEFORE = "0".repeat(64);

const instant = (column: string): string => `to_char(r.${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const final = (since: string, column: string): string => `case when r.${since} is not null then r.${column} end`;

/**
 * A receipt `r` as an entry tells it, in SQL: what is settled about it, and nothing that is only on its way, such as attempts
 * or counts before they are whole, nor the dates of second looks that found nothing. Facts may be added, and entries of before
 * lack them; none may come to mean something else, or every entry of before would seem altered. As json, which is made in a
 * seventh of the time that jsonb takes.
 */
export const FACTS = `json_build_object(
    'id', r.id, 'parentReceiptId', r.parent_receipt_id, 'itemType', r.item_type, 'itemId', r.item_id, 'itemName', r.item_name,
    'projectId', r.project_id, 'projectSlug', r.project_slug, 'versionNumber', r.version_number, 'trainingNumber', r.training_number,
    'reason', r.reason, 'note', r.note, 'purgedAt', ${instant("purged_at")},
    'actorType', r.actor_type, 'actorId', r.actor_id, 'actorName', r.actor_name,
    'deletedAt', ${instant("deleted_at")}, 'deletedById', r.deleted_by_id, 'deletedNote', r.deleted_note, 'purgeAfter', ${instant("purge_after")},
    'prefixes', array_to_string(r.prefixes, ' '),
    'versions', ${final("rows_removed_at", "versions")}, 'images', ${final("rows_removed_at", "images")},
    'sourceImages', ${final("rows_removed_at", "source_images")}, 'trainings', ${final("rows_removed_at", "trainings")},
    'models', ${final("rows_removed_at", "models")}, 'expectedFiles', ${final("rows_removed_at", "expected_files")},
    'expectedBytes', ${final("rows_removed_at", "expected_bytes")}, 'removedFiles', ${final("verified_at", "removed_files")},
    'removedBytes', ${final("verified_at", "removed_bytes")}, 'verifiedAt', ${instant("verified_at")},
    'lateFiles', r.late_files, 'lateBytes', r.late_bytes, 'lateAt', ${instant("late_at")})`;

/** The hash of an entry in SQL: of the hash before it, its number and its text, a line break between them. */
const hashOf = (previous: string, number: string, text: string): string =>
  `encode(sha256(convert_to(${previous} || E'\\n' || ${number} || E'\\n' || ${text}, 'UTF8')), 'hex')`;

/**
 * A set; locks the head, once the text is made. What follows on the head is computed from its row as it is when the lock is had,
 * not from the statement's snapshot. Not named, as its plan must not be kept from when the table was small.
 */
const APPEND = statement({
  text: `
with said as materialized (
  select json_build_object('kind', $2::text, 'workspace', $1::text, 'receipts', json_agg(${FACTS} order by r.id))::text as text
  from purge_receipts r where r.id = any($3::text[])
), head as (
  insert into receipt_heads as h (workspace_id, number, previous_hash, hash)
  select $1::text, 1, '${NOTHING_BEFORE}', ${hashOf(`'${NOTHING_BEFORE}'`, "1", "said.text")} from said
  on conflict (workspace_id) do update set number = h.number + 1, previous_hash = h.hash,
    hash = ${hashOf("h.hash", "(h.number + 1)", "(select text from said)")}
  returning number, previous_hash, hash
), listed as (
  insert into receipt_entry_items (receipt_id, number) select unnest($3::text[]), head.number from head
)
insert into receipt_entries (workspace_id, number, kind, text, previous_hash, hash)
select $1::text, head.number, $2::"ReceiptEntryKind", said.text, head.previous_hash, head.hash from head, said`,
});

/**
 * Says in the chain what became of receipts in this transaction. Must be its last statement: it locks the workspace's head,
 * which everybody else who purges or proves there waits for. Who appends for several workspaces does so in the order of their ids.
 */
export async function appendEntry(
  tx: Queries,
  workspaceId: string,
  kind: Exclude<ReceiptEntryKind, "BEFORE" | "RESTORED">,
  receiptIds: readonly string[],
): Promise<void> {
  await tx.query(APPEND, [workspaceId, kind, receiptIds]);
}
