import { prisma, query, statement, transaction } from "@/lib/platform/db";
import type { ModelSlug } from "@/lib/platform/generated/client";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getLiveVersion, type SluggedProjectRef, type VersionRef } from "@/lib/domain/item-state";
import { LIVE_VERSION, takeLocks, versionLock } from "@/lib/domain/locks";
import { authorize, authorizeSystem } from "@/lib/domain/permissions";
import type { FileType } from "./new-model";

export interface ServingModel {
  id: string;
  slug: string;
  modelType: string;
  versionId: string;
  trainingId: string;
  weightsId: string | null;
  /** Of its files. */
  sizeBytes: number;
  /** What its version did to every image, as stored. */
  preprocessing: unknown;
  /** What its ONNX file is, as whoever stored it found out; null: it is none. */
  onnx: unknown;
  /** Of the stored file; null: nobody knows. */
  fileType: FileType | null;
}

/** By its permanent slug, where given as one of that project or version; or as a version's default model, as `project/n` names it. */
export type ModelRef = { workspaceSlug: string; projectSlug?: string; number?: number; modelSlug: string } | VersionRef;

interface ServingRow extends ServingModel {
  inTrash: string | null;
  restorableUntil: Date | null;
}

const SERVING_COLUMNS = `m.id, m.slug, m.model_type as "modelType",
  m.version_id as "versionId", m.training_id as "trainingId", m.weights_id as "weightsId", m.size_bytes::float8 as "sizeBytes", v.preprocessing, m.onnx, m.file_type as "fileType",
  coalesce(p.purge_after, v.purge_after, t.purge_after) as "restorableUntil",
  case when p.deleted_at is not null then 'project' when v.deleted_at is not null then 'version'
    when t.deleted_at is not null then 'training' end as "inTrash"`;

/** hot: asked at every prediction. */
const SERVING = statement({
  name: "serving-model",
  text: `
select ${SERVING_COLUMNS}
from models m join trainings t on t.id = m.training_id
join versions v on v.id = m.version_id join projects p on p.id = v.project_id
where m.workspace_id = $1 and m.slug = $2 and ($3::text is null or p.slug = $3) and ($4::int is null or v.number = $4)
  and p.purge_started_at is null`,
});

/** hot: asked at every prediction. */
const SERVING_DEFAULT = statement({
  name: "serving-default-model",
  text: `
select ${SERVING_COLUMNS}
from projects p join versions v on v.project_id = p.id
join models m on m.id = v.default_model_id join trainings t on t.id = m.training_id
where p.workspace_id = $1 and p.slug = $2 and v.number = $3 and p.purge_started_at is null`,
});

/** hot, as those. */
const SERVING_BY_ID = statement({
  name: "serving-model-by-id",
  text: `
select ${SERVING_COLUMNS}
from models m join trainings t on t.id = m.training_id
join versions v on v.id = m.version_id join projects p on p.id = v.project_id
where m.id = $1 and p.purge_started_at is null`,
});

/**
 * The model that serves under a slug, or as the default of a version: the first one made of it unless somebody chose
 * another. Asked of the database at each call, so that every process falls silent at once when the model's training,
 * version or project goes to Trash, and answers again after the restore. Never another model: what was purged is
 * `purged`. Throws `not_found`, and `model_in_trash` with `restorableUntil`.
 */
export async function getServingModel(ctx: Context, ref: ModelRef): Promise<ServingModel> {
  const { workspaceId } = authorize(ctx, "predict", ref.workspaceSlug);
  return findServing(workspaceId, ref);
}

/** The same for who wants its weights. */
export async function getModelForDownload(ctx: Context, ref: ModelRef): Promise<ServingModel> {
  const { workspaceId } = authorize(ctx, "read versions", ref.workspaceSlug);
  return findServing(workspaceId, ref);
}

async function findServing(workspaceId: string, ref: ModelRef): Promise<ServingModel> {
  const [row] = await ("modelSlug" in ref
    ? query<ServingRow>(SERVING, [workspaceId, ref.modelSlug, ref.projectSlug ?? null, ref.number ?? null])
    : query<ServingRow>(SERVING_DEFAULT, [workspaceId, ref.projectSlug, ref.number]));
  if (!row) throw await noModel(workspaceId, ref);
  return live(row);
}

/** Throws `model_in_trash` for one that is. */
function live(row: ServingRow): ServingModel {
  const { inTrash, restorableUntil, ...model } = row;
  if (inTrash) {
    throw new DomainError(
      "model_in_trash",
      `The model "${model.slug}" does not serve: its ${inTrash} is in Trash. It serves again once that is restored.`,
      {
        restorableUntil: restorableUntil!.toISOString(),
      },
    );
  }
  return model;
}

/** A slug is given once: one that no model has any more was a purged one's. null: never given, or in use. */
async function findPurgedSlug(workspaceId: string, slug: string): Promise<ModelSlug | null> {
  const given = await prisma().modelSlug.findUnique({ where: { workspaceId_slug: { workspaceId, slug } } });
  const there = await prisma().model.count({
    where: { workspaceId, slug, version: { project: { purgeStartedAt: null } } },
  });
  return there === 0 ? given : null;
}

/** What took a model along, the nearest first: its training's purge, its version's, its project's. As details of a refusal. */
async function findReceiptOf(slug: ModelSlug | null): Promise<{ receiptId?: string }> {
  const purges = [
    { itemType: "TRAINING" as const, itemId: slug?.trainingId },
    { itemType: "VERSION" as const, itemId: slug?.versionId },
    { itemType: "PROJECT" as const, itemId: slug?.projectId },
  ].flatMap(({ itemType, itemId }) => (itemId ? [{ itemType, itemId }] : []));
  if (purges.length === 0) return {};
  const receipts = await prisma().purgeReceipt.findMany({
    where: { OR: purges },
    select: { id: true, itemType: true, parentReceiptId: true },
  });
  const receipt = purges.flatMap(({ itemType }) => receipts.find((one) => one.itemType === itemType) ?? [])[0];
  return receipt ? { receiptId: receipt.parentReceiptId ?? receipt.id } : {};
}

async function noModel(workspaceId: string, ref: ModelRef): Promise<DomainError> {
  if ("modelSlug" in ref) {
    const slug = await findPurgedSlug(workspaceId, ref.modelSlug);
    return slug
      ? new DomainError(
          "purged",
          `The model "${ref.modelSlug}" was permanently deleted. Its name is given to no other.`,
          await findReceiptOf(slug),
        )
      : new DomainError("not_found", `There is no model "${ref.modelSlug}" here.`);
  }
  const { id } = await getLiveVersion(workspaceId, ref); // throws when the version itself is the matter
  const version = await prisma().version.findUnique({ where: { id }, select: { defaultModelId: true } });
  if (version?.defaultModelId) {
    const slug = await prisma().modelSlug.findFirst({ where: { workspaceId, modelId: version.defaultModelId } });
    return new DomainError(
      "purged",
      `The model that version ${ref.number} served was permanently deleted. Choose another one with "Use this model".`,
      { versionId: id, ...(await findReceiptOf(slug)) },
    );
  }
  return new DomainError("not_found", `Version ${ref.number} has no model: train it first.`);
}

/** The model that a link of ours leads to. Throws `not_found` once it is purged, and `model_in_trash`. */
export async function getLinkedModel(ctx: Context, modelId: string): Promise<ServingModel> {
  authorizeSystem(ctx);
  const [row] = await query<ServingRow>(SERVING_BY_ID, [modelId]);
  if (!row) throw new DomainError("not_found", "This download is not there any more.");
  return live(row);
}

/** "Use this model": makes it what `project/n` serves. Repeating changes nothing. Throws as getLiveVersion, and `not_found`. */
export async function chooseModel(
  ctx: Context,
  ref: VersionRef & { modelSlug: string },
): Promise<{ modelSlug: string }> {
  const { workspaceId } = authorize(ctx, "update version", ref.workspaceSlug);
  const version = await getLiveVersion(workspaceId, ref);
  await transaction(async (tx) => {
    await takeLocks(tx, versionLock(version.id, "write"));
    const live = await tx.version.findFirst({
      where: { id: version.id, deletedAt: null },
      select: { defaultModelId: true, models: { where: { slug: ref.modelSlug, training: { deletedAt: null } } } },
    });
    const model = live?.models[0];
    if (!live || !model)
      throw new DomainError(
        "not_found",
        `There is no model "${ref.modelSlug}" of version ${ref.number}, or it is in Trash.`,
      );
    if (live.defaultModelId === model.id) return;
    await tx.version.update({ where: { id: version.id }, data: { defaultModelId: model.id } });
    await recordAudit(tx, ctx, [
      {
        workspaceId,
        action: "version.model_chosen",
        targetType: "version",
        targetId: version.id,
        targetName: version.name,
        details: { model: ref.modelSlug },
      },
    ]);
  });
  return { modelSlug: ref.modelSlug };
}

export interface ModelView {
  slug: string;
  modelType: string;
  metrics: Record<string, unknown>;
  sizeBytes: number;
  createdAt: Date;
  projectSlug: string;
  projectName: string;
  versionNumber: number;
  versionName: string;
  trainingId: string;
  trainingNumber: number;
  /** It can be asked here: our own trainer made it, or it is an ONNX file that we know. */
  servable: boolean;
  /** It was made elsewhere, and brought here as it is. */
  handedIn: boolean;
  /** What `project/n` serves. */
  isDefault: boolean;
  /** Predictions asked of it in the last 7 days, today included (UTC). */
  calls: number;
}

/** hot: of any number of models, each with the sum of its days. */
const LIST = statement({
  name: "models-list",
  text: `
select m.slug, m.model_type as "modelType", m.metrics, m.size_bytes::float8 as "sizeBytes", m.created_at as "createdAt",
  p.slug as "projectSlug", p.name as "projectName", v.number as "versionNumber", v.name as "versionName",
  t.id as "trainingId", t.number as "trainingNumber", v.default_model_id = m.id as "isDefault",
  m.onnx is not null or t.trainer = 'EMBEDDED' as servable, t.trainer = 'HANDED_IN' as "handedIn",
  coalesce((
    select sum(c.calls) from model_calls c
    where c.model_id = m.id and c.day > ($4::timestamptz at time zone 'utc')::date - 7
  ), 0)::int as calls
from models m join trainings t on t.id = m.training_id
join versions v on v.id = m.version_id join projects p on p.id = v.project_id
where m.workspace_id = $1 and ($2::text is null or p.slug = $2) and ($3::int is null or v.number = $3)
  and ($5::text is null or m.slug = $5) and t.deleted_at is null and ${LIVE_VERSION}
order by m.created_at desc, m.id desc`,
});

/** The models that serve: of a workspace, a project or a version, newest first. What is in Trash has none here. */
export async function listModels(
  ctx: Context,
  ref: { workspaceSlug: string } | SluggedProjectRef | VersionRef,
): Promise<ModelView[]> {
  const { workspaceId } = authorize(ctx, "read versions", ref.workspaceSlug);
  return query<ModelView>(LIST, [
    workspaceId,
    "projectSlug" in ref ? ref.projectSlug : null,
    "number" in ref ? ref.number : null,
    ctx.now,
    null,
  ]);
}

/** One model that serves. Throws as getServingModel. */
export async function getModel(ctx: Context, ref: { workspaceSlug: string; modelSlug: string }): Promise<ModelView> {
  const { workspaceId } = authorize(ctx, "read versions", ref.workspaceSlug);
  const [model] = await query<ModelView>(LIST, [workspaceId, null, null, ctx.now, ref.modelSlug]);
  if (model) return model;
  await findServing(workspaceId, ref); // throws why not
  return getModel(ctx, ref); // restored between the two reads
}

/** A set, added to what is there. */
const COUNT_CALLS = statement({
  name: "model-count-calls",
  text: `
insert into model_calls (model_id, day, calls)
select m.id, ($3::timestamptz at time zone 'utc')::date, c.calls
from unnest($1::text[], $2::int[]) c(id, calls) join models m on m.id = c.id
on conflict (model_id, day) do update set calls = model_calls.calls + excluded.calls`,
});

/** Adds to the day's calls of each model; one purged meanwhile is passed over. For whoever serves, which gathers them first. */
export async function countModelCalls(calls: ReadonlyMap<string, number>, now: Date): Promise<void> {
  const ids = [...calls.keys()].sort();
  if (ids.length > 0) await query(COUNT_CALLS, [ids, ids.map((id) => calls.get(id)), now]);
}
