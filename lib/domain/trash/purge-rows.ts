import { preparedTransaction, statement, type Queries, type Statement } from "@/lib/platform/db";
import { enqueue } from "@/lib/platform/job-queue";
import type { PurgeReason } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { endGrants, trainingPrefix, versionPrefix } from "@/lib/domain/grants";
import { takeLocks, workspaceLock } from "@/lib/domain/locks";
import { giveBackImages } from "@/lib/domain/quota";
import { readLosses, type Loss } from "./holdings";
import { measureAgain } from "./measure";
import { appendEntry } from "./receipt-chain";
import { insertReceipts, type PurgedItem } from "./receipts";

/*
 * The one-way door, which purge.ts alone opens. A transaction removes the rows, gives back the quota, writes the receipt and wakes the
 * removal of the files (receipts.ts), which go only after it has committed. Candidates are read without locks; what is
 * locked is looked at again, so that an item restored meanwhile is skipped. Rows that somebody else holds are skipped,
 * never waited for. The workspace is locked first, for its figure, then the projects of the items, so that none of them is
 * claimed meanwhile: what is in a claimed project goes with it, under its receipt, and never beside it. Versions and
 * trainings here; source images in purge-images.ts, a project with everything in it in purge-project.ts.
 */

/** Rows in one transaction, so that it stays well below a second. */
export const BATCH = 250;

/**
 * What may be purged: by the scheduled run what is due by `now`, by hand what is in Trash as a person saw it, with a
 * claimed parent everything in it.
 */
export interface Claim {
  reason: PurgeReason;
  now: Date;
  /** By hand: when each item went to Trash, as it was seen, by its id. What has another instant by now was not seen. */
  seen?: ReadonlyMap<string, Date>;
  /** By hand: why, in the person's words. */
  note?: string | null;
  /** How long a transaction waits for what somebody else holds; as long as any other unless said. */
  lockTimeoutMs?: number;
}

export const isDue = (alias: string) =>
  `case $4::text when 'WITH_PARENT' then true
    when 'BY_HAND' then ${alias}.deleted_at = ($5::timestamptz(3)[])[array_position($2::text[], ${alias}.id)]
    else ${alias}.purge_after <= $3 end`;

export const dueValues = (workspaceId: string, ids: readonly string[], { reason, now, seen }: Claim) => [
  workspaceId,
  ids,
  now,
  reason,
  seen ? ids.map((id) => seen.get(id) ?? null) : null,
];

/**
 * Locks the projects of items, but those that are claimed, or that somebody is about to claim. KEY SHARE is what a claim
 * cannot pass, and a trash or a restore of the project can.
 */
export const lockUnclaimed = (name: string, projectIds: string): Statement =>
  statement({
    name: `purge-lock-projects-of-${name}`,
    text: `
select p.id from projects p
where p.workspace_id = $1 and p.id in (${projectIds}) and p.purge_started_at is null
order by p.id for key share skip locked`,
  });

/** Of an item's project `p`: it is among those just locked; in the project that it goes with, everything goes. */
export const IN_UNCLAIMED = `($4::text = 'WITH_PARENT' or p.id = any($6::text[]))`;

/** Locks the projects first; what is due of the items then is looked at in a new statement, which sees a claim that came before. */
export async function lockDue<Row extends object>(
  tx: Queries,
  { projects, items }: { projects: Statement; items: Statement },
  workspaceId: string,
  ids: readonly string[],
  claim: Claim,
): Promise<Row[]> {
  const unclaimed = claim.reason === "WITH_PARENT" ? [] : await tx.query<{ id: string }>(projects, [workspaceId, ids]);
  return tx.query<Row>(items, [...dueValues(workspaceId, ids, claim), unclaimed.map(({ id }) => id)]);
}

/** `writers_until` is of processes of builds before grants. */
export const latest = (before: Date | null, granted: Date | undefined): Date | null =>
  granted && (!before || granted > before) ? granted : before;

// ── Versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Locks; those that somebody else holds are passed over. */
const LOCK_VERSIONS = statement({
  name: "purge-lock-versions",
  text: `
select v.id, v.number as "versionNumber", v.name, v.deleted_at as "deletedAt", v.deleted_by_id as "deletedById", v.deleted_note as "deletedNote", v.purge_after as "purgeAfter",
  v.writers_until as "writersUntil",
  p.id as "projectId", p.slug as "projectSlug"
from versions v join projects p on p.id = v.project_id
where v.workspace_id = $1 and v.id = any($2::text[]) and ${IN_UNCLAIMED} and ${isDue("v")}
order by v.id for update of v skip locked`,
});

const DUE_VERSIONS = {
  projects: lockUnclaimed("versions", `select v.project_id from versions v where v.id = any($2::text[])`),
  items: LOCK_VERSIONS,
};

type LockedVersion = Omit<PurgedItem, "type" | "trainingNumber" | "prefixes" | keyof Loss>;

/** Before their models, as purgeTrainings does: the other way round the two could wait for each other. */
const LOCK_TRAININGS_OF_VERSIONS = statement({
  name: "purge-lock-trainings-of-versions",
  text: `select id from trainings where version_id = any($1::text[]) order by id for update`,
});

/** hot: a run may remove 100,000 versions. */
export const remove = (name: string, rows: string): Statement =>
  statement({
    name: `purge-remove-${name}`,
    text: `delete from ${rows}`,
  });

/** Children before what they refer to. */
const REMOVE_VERSIONS: readonly Statement[] = [
  remove(
    "calls-of-versions",
    `model_calls where model_id in (select id from models where version_id = any($1::text[]))`,
  ),
  remove("models-of-versions", `models where version_id = any($1::text[])`),
  remove("trainings-of-versions", `trainings where version_id = any($1::text[])`),
  remove("exports-of-versions", `exports where version_id = any($1::text[])`),
  remove("chunks-of-versions", `generation_chunks where version_id = any($1::text[])`),
  remove("thumbnails-of-versions", `thumbnails where version_id = any($1::text[])`),
  remove("sources-of-versions", `generation_sources where version_id = any($1::text[])`),
  remove("versions", `versions where id = any($1::text[])`),
];

/** The ids of items that went. */
export type Gone = ReadonlySet<string>;

/** Purges those of the versions that are still due and that nobody holds, with all that is theirs. Answers which. */
export async function purgeVersions(
  ctx: Context,
  workspaceId: string,
  versionIds: readonly string[],
  claim: Claim,
  parentReceiptId: string | null = null,
): Promise<Gone> {
  const projectIds = new Set<string>();
  const purged = await preparedTransaction(async (tx): Promise<Gone> => {
    await takeLocks(tx, workspaceLock(workspaceId));
    const versions = await lockDue<LockedVersion>(tx, DUE_VERSIONS, workspaceId, versionIds, claim);
    const ids = versions.map((v) => v.id);
    if (ids.length === 0) return new Set();
    await tx.query(LOCK_TRAININGS_OF_VERSIONS, [ids]);
    const lossOf = await readLosses("VERSION", ids, tx.query);
    const granted = await endGrants(tx, "VERSION", ids);
    for (const statement of REMOVE_VERSIONS) await tx.query(statement, [ids]);
    const items = versions.map((v): PurgedItem => ({
      ...v,
      type: "VERSION",
      trainingNumber: null,
      writersUntil: latest(v.writersUntil, granted.get(v.id)),
      prefixes: [versionPrefix(v.id)],
      ...lossOf(v.id),
    }));
    await giveBackImages(
      tx,
      workspaceId,
      items.reduce((sum, { images }) => sum + images, 0),
    );
    const receipts = await insertReceipts(tx, ctx, workspaceId, items, {
      reason: claim.reason,
      note: claim.note ?? null,
      parentReceiptId,
      rowsRemoved: true,
    });
    await enqueue(tx, "erase-files");
    await appendEntry(tx, workspaceId, "PURGED", receipts);
    for (const { projectId } of versions) projectIds.add(projectId);
    return new Set(ids);
  }, claim);
  if (parentReceiptId === null) await measureAgain({ projectIds });
  return purged;
}

// ── Trainings ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Locks; those that somebody else holds are passed over. */
const LOCK_TRAININGS = statement({
  name: "purge-lock-trainings",
  text: `
select t.id, t.number as "trainingNumber", 'Training ' || t.number as name, t.deleted_at as "deletedAt", t.deleted_by_id as "deletedById", t.deleted_note as "deletedNote",
  t.purge_after as "purgeAfter", v.id as "versionId", v.number as "versionNumber", v.writers_until as "writersUntil",
  p.id as "projectId", p.slug as "projectSlug"
from trainings t join versions v on v.id = t.version_id join projects p on p.id = v.project_id
where t.workspace_id = $1 and t.id = any($2::text[]) and ${IN_UNCLAIMED} and ${isDue("t")}
order by t.id for update of t skip locked`,
});

const DUE_TRAININGS = {
  projects: lockUnclaimed(
    "trainings",
    `select v.project_id from trainings t join versions v on v.id = t.version_id where t.id = any($2::text[])`,
  ),
  items: LOCK_TRAININGS,
};

type LockedTraining = Omit<PurgedItem, "type" | "prefixes" | keyof Loss> & { versionId: string };

const REMOVE_TRAININGS: readonly Statement[] = [
  remove(
    "calls-of-trainings",
    `model_calls where model_id in (select id from models where training_id = any($1::text[]))`,
  ),
  remove("models-of-trainings", `models where training_id = any($1::text[])`),
  remove("trainings", `trainings where id = any($1::text[])`),
];

/** As purgeVersions, for trainings. They count nothing against the quota, so the workspace is not locked. */
export async function purgeTrainings(
  ctx: Context,
  workspaceId: string,
  trainingIds: readonly string[],
  claim: Claim,
): Promise<Gone> {
  const parents = { versionIds: new Set<string>(), projectIds: new Set<string>() };
  const purged = await preparedTransaction(async (tx): Promise<Gone> => {
    const trainings = await lockDue<LockedTraining>(tx, DUE_TRAININGS, workspaceId, trainingIds, claim);
    const ids = trainings.map((t) => t.id);
    if (ids.length === 0) return new Set();
    const lossOf = await readLosses("TRAINING", ids, tx.query);
    const granted = await endGrants(tx, "TRAINING", ids);
    for (const statement of REMOVE_TRAININGS) await tx.query(statement, [ids]);
    const items = trainings.map((t): PurgedItem => ({
      ...t,
      type: "TRAINING",
      writersUntil: latest(t.writersUntil, granted.get(t.id)),
      prefixes: [trainingPrefix(t.versionId, t.id)],
      ...lossOf(t.id),
    }));
    const receipts = await insertReceipts(tx, ctx, workspaceId, items, {
      reason: claim.reason,
      note: claim.note ?? null,
      parentReceiptId: null,
      rowsRemoved: true,
    });
    await enqueue(tx, "erase-files");
    await appendEntry(tx, workspaceId, "PURGED", receipts);
    for (const { versionId, projectId } of trainings) {
      parents.versionIds.add(versionId);
      parents.projectIds.add(projectId);
    }
    return new Set(ids);
  }, claim);
  await measureAgain(parents);
  return purged;
}
