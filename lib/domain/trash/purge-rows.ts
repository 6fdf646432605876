import { query, transaction, type Statement, type Transaction } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import type { ItemType, PurgeReason } from "@/lib/platform/generated/enums";
import { recordAudit } from "@/lib/domain/audit";
import { describeActor, type Context } from "@/lib/domain/context";

/*
 * The one-way door, used by trash-purge.ts alone. A transaction removes the rows, gives back the quota, writes the receipt and wakes the
 * removal of the files (receipts.ts), which go only after it has committed. Candidates are read without locks; what is
 * locked is looked at again, so that an item restored meanwhile is skipped. Rows that somebody else holds are skipped,
 * never waited for. The workspace is locked first, for its figure; a version's project is not locked, since nothing a
 * live or trashed project can become changes what is due.
 */

/** Rows in one transaction, so that it stays well below a second. */
export const BATCH = 250;
const IMAGES_BATCH = 5_000;

/**
 * What may be purged: by the scheduled run what is due by `now`, by hand what has been in Trash since `now` or before, so
 * that nothing trashed after a person looked is taken; with a claimed parent everything in it.
 */
export interface Claim {
  reason: PurgeReason;
  now: Date;
}

const isDue = (alias: string, reason: string) =>
  `case ${reason} when 'WITH_PARENT' then true when 'BY_HAND' then ${alias}.deleted_at <= $3 else ${alias}.purge_after <= $3 end`;

const LOCK_WORKSPACE: Statement = {
  name: "purge-lock-workspace",
  text: `select id from workspaces where id = $1 for no key update`,
};

// ── Receipts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

interface PurgedItem {
  type: ItemType;
  id: string;
  name: string;
  projectId: string;
  projectSlug: string;
  versionNumber: number | null;
  trainingNumber: number | null;
  deletedAt: Date | null;
  deletedById: string | null;
  purgeAfter: Date | null;
  writersUntil: Date | null;
  prefix: string;
  images: number;
  trainings: number;
  models: number;
  files: number;
  bytes: bigint;
}

const INSERT_RECEIPTS: Statement = {
  name: "purge-insert-receipts",
  text: `insert into purge_receipts select * from jsonb_populate_recordset(null::purge_receipts, $1::jsonb)`,
};

async function insertReceipts(
  tx: Transaction,
  ctx: Context,
  workspaceId: string,
  items: readonly PurgedItem[],
  how: { reason: PurgeReason; parentReceiptId: string | null; rowsRemoved: boolean },
): Promise<void> {
  const actor = describeActor(ctx.actor);
  const rows = items.map((item) => ({
    id: newId(),
    workspace_id: workspaceId,
    parent_receipt_id: how.parentReceiptId,
    item_type: item.type,
    item_id: item.id,
    item_name: item.name,
    project_id: item.projectId,
    project_slug: item.projectSlug,
    version_number: item.versionNumber,
    training_number: item.trainingNumber,
    reason: how.reason,
    purged_at: ctx.now,
    actor_type: actor.actorType,
    actor_id: actor.actorId,
    actor_name: actor.actorName,
    deleted_at: item.deletedAt,
    deleted_by_id: item.deletedById,
    purge_after: item.purgeAfter,
    versions: item.type === "VERSION" ? 1 : 0,
    images: item.images,
    source_images: 0,
    trainings: item.trainings,
    models: item.models,
    prefixes: [item.prefix],
    expected_files: item.files,
    expected_bytes: item.bytes.toString(),
    rows_removed_at: how.rowsRemoved ? ctx.now : null,
    writers_until: item.writersUntil,
    removed_files: 0,
    removed_bytes: 0,
    attempts: 0,
  }));
  await tx.query(INSERT_RECEIPTS, [JSON.stringify(rows)]);
  if (how.parentReceiptId) return; // the project's own event says it
  await recordAudit(
    tx,
    ctx,
    items.map((item, i) => ({
      workspaceId,
      action: `${item.type.toLowerCase() as "version"}.purged` as const,
      targetType: item.type.toLowerCase() as "version",
      targetId: item.id,
      targetName: item.name,
      details: { reason: how.reason, receiptId: rows[i]!.id, images: item.images },
    })),
  );
}

// ── Versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const LOCK_VERSIONS: Statement = {
  name: "purge-lock-versions",
  text: `select v.id, v.number, v.name, v.deleted_at as "deletedAt", v.deleted_by_id as "deletedById", v.purge_after as "purgeAfter",
           v.writers_until as "writersUntil", v.counted_images as "countedImages", v.files, v.size_bytes as "sizeBytes",
           p.id as "projectId", p.slug as "projectSlug"
         from versions v join projects p on p.id = v.project_id
         where v.workspace_id = $1 and v.id = any($2::text[]) and ${isDue("v", "$4::text")}
         order by v.id for update of v skip locked`,
};

interface LockedVersion {
  id: string;
  number: number;
  name: string;
  deletedAt: Date | null;
  deletedById: string | null;
  purgeAfter: Date | null;
  writersUntil: Date | null;
  countedImages: number;
  files: number;
  sizeBytes: string;
  projectId: string;
  projectSlug: string;
}

/** Before their models, as purgeTrainings does: the other way round the two could wait for each other. */
const LOCK_TRAININGS_OF_VERSIONS: Statement = {
  name: "purge-lock-trainings-of-versions",
  text: `select id from trainings where version_id = any($1::text[]) order by id for update`,
};

const REMOVE_MODEL_CALLS: Statement = {
  name: "purge-remove-model-calls",
  text: `delete from model_calls where model_id in (select id from models where version_id = any($1::text[]))`,
};

const REMOVE_MODELS: Statement = {
  name: "purge-remove-models",
  text: `with gone as (delete from models where version_id = any($1::text[]) returning version_id, files, size_bytes)
         select version_id as "versionId", count(*)::int as count, sum(files)::int as files, sum(size_bytes)::text as bytes from gone group by version_id`,
};

const REMOVE_TRAININGS: Statement = {
  name: "purge-remove-trainings",
  text: `with gone as (delete from trainings where version_id = any($1::text[]) returning version_id)
         select version_id as "versionId", count(*)::int as count from gone group by version_id`,
};

const REMOVE_GENERATION_SOURCES: Statement = {
  name: "purge-remove-generation-sources",
  text: `delete from generation_sources where version_id = any($1::text[])`,
};

/** Those that are there: one file each. */
const REMOVE_EXPORTS: Statement = {
  name: "purge-remove-exports",
  text: `with gone as (delete from exports where version_id = any($1::text[]) returning version_id, status, size_bytes)
         select version_id as "versionId", count(*)::int as files, sum(size_bytes)::text as bytes from gone where status = 'READY' group by version_id`,
};

const REMOVE_VERSIONS: Statement = {
  name: "purge-remove-versions",
  text: `delete from versions where id = any($1::text[])`,
};

const GIVE_BACK: Statement = {
  name: "purge-give-back",
  text: `update workspaces set used_images = used_images - $2 where id = $1`,
};

/** Purges those of the versions that are still due and that nobody holds, with all that is theirs. Answers how many. */
export async function purgeVersions(
  ctx: Context,
  workspaceId: string,
  versionIds: readonly string[],
  claim: Claim,
  parentReceiptId: string | null = null,
): Promise<number> {
  return transaction(async (tx) => {
    await tx.query(LOCK_WORKSPACE, [workspaceId]);
    const versions = await tx.query<LockedVersion>(LOCK_VERSIONS, [workspaceId, versionIds, claim.now, claim.reason]);
    if (versions.length === 0) return 0;
    const ids = versions.map((v) => v.id);
    await tx.query(LOCK_TRAININGS_OF_VERSIONS, [ids]);
    await tx.query(REMOVE_MODEL_CALLS, [ids]);
    const models = new Map(
      (await tx.query<{ versionId: string; count: number; files: number; bytes: string }>(REMOVE_MODELS, [ids])).map(
        (m) => [m.versionId, m],
      ),
    );
    const trainings = new Map(
      (await tx.query<{ versionId: string; count: number }>(REMOVE_TRAININGS, [ids])).map((t) => [
        t.versionId,
        t.count,
      ]),
    );
    const exports = new Map(
      (await tx.query<{ versionId: string; files: number; bytes: string }>(REMOVE_EXPORTS, [ids])).map((e) => [
        e.versionId,
        e,
      ]),
    );
    await tx.query(REMOVE_GENERATION_SOURCES, [ids]);
    await tx.query(REMOVE_VERSIONS, [ids]);
    await tx.query(GIVE_BACK, [workspaceId, versions.reduce((sum, v) => sum + v.countedImages, 0)]);
    const items = versions.map((v): PurgedItem => {
      const model = models.get(v.id);
      return {
        ...v,
        type: "VERSION",
        versionNumber: v.number,
        trainingNumber: null,
        prefix: `versions/${v.id}/`,
        images: v.countedImages,
        trainings: trainings.get(v.id) ?? 0,
        models: model?.count ?? 0,
        files: v.files + (model?.files ?? 0) + (exports.get(v.id)?.files ?? 0),
        bytes: BigInt(v.sizeBytes) + BigInt(model?.bytes ?? 0) + BigInt(exports.get(v.id)?.bytes ?? 0),
      };
    });
    await insertReceipts(tx, ctx, workspaceId, items, { reason: claim.reason, parentReceiptId, rowsRemoved: true });
    await enqueue(tx, "erase-files");
    return versions.length;
  });
}

// ── Trainings ────────────────────────────────────────────────────────────────────────────────────────────────────────

const LOCK_TRAININGS: Statement = {
  name: "purge-lock-trainings",
  text: `select t.id, t.number as "trainingNumber", 'Training ' || t.number as name, t.deleted_at as "deletedAt", t.deleted_by_id as "deletedById",
           t.purge_after as "purgeAfter", v.id as "versionId", v.number as "versionNumber", v.writers_until as "writersUntil",
           p.id as "projectId", p.slug as "projectSlug"
         from trainings t join versions v on v.id = t.version_id join projects p on p.id = v.project_id
         where t.workspace_id = $1 and t.id = any($2::text[]) and ${isDue("t", "$4::text")}
         order by t.id for update of t skip locked`,
};

type LockedTraining = Pick<
  PurgedItem,
  | "id"
  | "trainingNumber"
  | "name"
  | "deletedAt"
  | "deletedById"
  | "purgeAfter"
  | "versionNumber"
  | "writersUntil"
  | "projectId"
  | "projectSlug"
> & { versionId: string };

const REMOVE_MODEL_CALLS_OF_TRAININGS: Statement = {
  name: "purge-remove-model-calls-of-trainings",
  text: `delete from model_calls where model_id in (select id from models where training_id = any($1::text[]))`,
};

const REMOVE_MODELS_OF_TRAININGS: Statement = {
  name: "purge-remove-models-of-trainings",
  text: `delete from models where training_id = any($1::text[]) returning training_id as "trainingId", files, size_bytes as bytes`,
};

const REMOVE_TRAININGS_BY_ID: Statement = {
  name: "purge-remove-trainings-by-id",
  text: `delete from trainings where id = any($1::text[])`,
};

/** As purgeVersions, for trainings. They count nothing against the quota, so the workspace is not locked. */
export async function purgeTrainings(
  ctx: Context,
  workspaceId: string,
  trainingIds: readonly string[],
  claim: Claim,
): Promise<number> {
  return transaction(async (tx) => {
    const trainings = await tx.query<LockedTraining>(LOCK_TRAININGS, [
      workspaceId,
      trainingIds,
      claim.now,
      claim.reason,
    ]);
    if (trainings.length === 0) return 0;
    const ids = trainings.map((t) => t.id);
    await tx.query(REMOVE_MODEL_CALLS_OF_TRAININGS, [ids]);
    const models = new Map(
      (await tx.query<{ trainingId: string; files: number; bytes: string }>(REMOVE_MODELS_OF_TRAININGS, [ids])).map(
        (m) => [m.trainingId, m],
      ),
    );
    await tx.query(REMOVE_TRAININGS_BY_ID, [ids]);
    const items = trainings.map((t): PurgedItem => {
      const model = models.get(t.id);
      return {
        ...t,
        type: "TRAINING",
        prefix: `versions/${t.versionId}/trainings/${t.id}/`,
        images: 0,
        trainings: 1,
        models: model ? 1 : 0,
        files: model?.files ?? 0,
        bytes: BigInt(model?.bytes ?? 0),
      };
    });
    await insertReceipts(tx, ctx, workspaceId, items, {
      reason: claim.reason,
      parentReceiptId: null,
      rowsRemoved: true,
    });
    await enqueue(tx, "erase-files");
    return trainings.length;
  });
}

// ── Projects ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const CLAIM_PROJECT: Statement = {
  name: "purge-claim-project",
  text: `with due as (
           select x.id from projects x where x.workspace_id = $1 and x.id = $2 and x.purge_started_at is null and ${isDue("x", "$4::text")}
           for update skip locked
         )
         update projects p set purge_started_at = $3 from due where p.id = due.id
         returning p.id, p.slug as "projectSlug", p.name, p.deleted_at as "deletedAt", p.deleted_by_id as "deletedById", p.purge_after as "purgeAfter"`,
};

/** Claims a project for its purge: from here on it is in no listing and cannot be restored. False: not due, or held. */
export async function claimProject(
  ctx: Context,
  workspaceId: string,
  projectId: string,
  claim: Claim,
): Promise<boolean> {
  return transaction(async (tx) => {
    const [project] = await tx.query<
      Pick<PurgedItem, "id" | "projectSlug" | "name" | "deletedAt" | "deletedById" | "purgeAfter">
    >(CLAIM_PROJECT, [workspaceId, projectId, claim.now, claim.reason]);
    if (!project) return false;
    const item: PurgedItem = {
      ...project,
      type: "PROJECT",
      projectId,
      versionNumber: null,
      trainingNumber: null,
      writersUntil: null,
      prefix: `projects/${projectId}/`,
      images: 0,
      trainings: 0,
      models: 0,
      files: 0,
      bytes: 0n,
    };
    await insertReceipts(tx, ctx, workspaceId, [item], {
      reason: claim.reason,
      parentReceiptId: null,
      rowsRemoved: false,
    });
    return true;
  });
}

const NEXT_VERSIONS: Statement = {
  name: "purge-next-versions",
  text: `select id from versions where project_id = $1 order by id limit ${BATCH}`,
};
const PROJECT_RECEIPT: Statement = {
  name: "purge-project-receipt",
  text: `select id from purge_receipts where item_type = 'PROJECT' and item_id = $1`,
};

const LOCK_CLAIMED_PROJECT: Statement = {
  name: "purge-lock-claimed-project",
  text: `select id from projects where id = $1 and purge_started_at is not null for update skip locked`,
};

const REMOVE_IMAGES: Statement = {
  name: "purge-remove-images",
  text: `with gone as (delete from images where id in (select id from images where project_id = $1 limit ${IMAGES_BATCH}) returning size_bytes)
         update purge_receipts set source_images = source_images + (select count(*) from gone), expected_files = expected_files + (select count(*) from gone),
           expected_bytes = expected_bytes + (select coalesce(sum(size_bytes), 0) from gone)
         where id = $2 returning (select count(*)::int from gone) as removed`,
};

const REMOVE_PROJECT: Statement = { name: "purge-remove-project", text: `delete from projects where id = $1` };

/** A parent's totals are its children's sums; its own files are its source images. */
const FINISH_PROJECT_RECEIPT: Statement = {
  name: "purge-finish-project-receipt",
  text: `update purge_receipts r set rows_removed_at = $2, versions = c.versions, images = c.images, trainings = c.trainings, models = c.models
         from (select count(*) as versions, coalesce(sum(images), 0) as images, coalesce(sum(trainings), 0) as trainings, coalesce(sum(models), 0) as models
               from purge_receipts where parent_receipt_id = $1) c
         where r.id = $1`,
};

/**
 * Works off a claimed project: versions in batches, each under a receipt of its own, then the images, then the project.
 * Stopped at any point, the next call goes on. True when the project is gone.
 */
export async function purgeClaimedProject(
  ctx: Context,
  workspaceId: string,
  projectId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const [receipt] = await query<{ id: string }>(PROJECT_RECEIPT, [projectId]);
  if (!receipt) throw new Error(`the claimed project ${projectId} has no receipt`);
  for (;;) {
    if (signal.aborted) return false;
    const versions = await query<{ id: string }>(NEXT_VERSIONS, [projectId]);
    if (versions.length === 0) break;
    const purged = await purgeVersions(
      ctx,
      workspaceId,
      versions.map((v) => v.id),
      { reason: "WITH_PARENT", now: ctx.now },
      receipt.id,
    );
    if (purged === 0) return false; // somebody else is at them
  }
  for (;;) {
    if (signal.aborted) return false;
    const step = await transaction(async (tx) => {
      const [held] = await tx.query(LOCK_CLAIMED_PROJECT, [projectId]);
      if (!held) return "held";
      const [images] = await tx.query<{ removed: number }>(REMOVE_IMAGES, [projectId, receipt.id]);
      if (images!.removed > 0) return "more";
      await tx.query(REMOVE_PROJECT, [projectId]);
      await tx.query(FINISH_PROJECT_RECEIPT, [receipt.id, ctx.now]);
      await enqueue(tx, "erase-files");
      return "gone";
    });
    if (step !== "more") return step === "gone";
  }
}
