import { query, statement } from "@/lib/platform/db";
import type { TrainingStatus } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import {
  getLiveProject,
  getTrainingState,
  getVersionState,
  versionInTrash,
  type SluggedProjectRef,
  type TrainingRef,
  type VersionRef,
} from "@/lib/domain/item-state";
import { authorize } from "@/lib/domain/permissions";
import { RETENTION_MS } from "./retention";

/** What moving something to Trash would do, for the dialog that asks. */
export interface TrashConsequences {
  id: string;
  name: string;
  /** Until when it can be restored, if it is done now. */
  purgeAfter: Date;
  /** The same as days from now. */
  days: number;
  /** Generated images that keep counting against the quota. Those of a version still being generated are given back. */
  images: number;
  /** Live versions whose generation would be cancelled. */
  generating: number;
  /** Live versions that are hidden with a project; 0 for a version or a training. */
  versions: number;
  /** Trainings that would be cancelled; at most 20 of them, and how many there are. */
  trainings: { versionNumber: number; number: number; status: TrainingStatus; epoch: number; epochs: number }[];
  trainingCount: number;
  /** Models that would stop serving, with the predictions asked of them in the last 7 days; at most 20 of them, and how many there are. */
  models: { slug: string; calls: number }[];
  modelCount: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const LISTED = 20;

/** What is under the versions in question. $2 narrows to one version, $3 to one training. */
const UNDER = `from versions v
  where v.project_id = $1 and v.deleted_at is null and ($2::text is null or v.id = $2)`;

const TOTALS = statement({
  name: "trash-consequences-totals",
  text: `
select count(*)::int as versions, coalesce(sum(v.counted_images) filter (where v.status <> 'GENERATING'), 0)::int as images,
  (count(*) filter (where v.status = 'GENERATING'))::int as generating ${UNDER}`,
});

const TRAININGS = statement({
  name: "trash-consequences-trainings",
  text: `
select v.number as "versionNumber", t.number, t.status, t.epoch, t.epochs, (count(*) over ())::int as total
from (select v.id, v.number ${UNDER}) v join trainings t on t.version_id = v.id
where t.ended_at is null and $3::text is null order by v.number, t.number limit ${LISTED}`,
});

const MODELS = statement({
  name: "trash-consequences-models",
  text: `
select m.slug, (count(*) over ())::int as total,
  coalesce((select sum(c.calls) from model_calls c where c.model_id = m.id and c.day > ($4::timestamptz at time zone 'utc')::date - 7), 0)::int as calls
from (select v.id ${UNDER}) v join trainings t on t.version_id = v.id join models m on m.training_id = t.id
where t.deleted_at is null and ($3::text is null or t.id = $3) order by m.slug limit ${LISTED}`,
});

interface Scope {
  id: string;
  name: string;
  projectId: string;
  versionId: string | null;
  trainingId: string | null;
}

async function foresee(ctx: Context, scope: Scope): Promise<TrashConsequences> {
  const values = [scope.projectId, scope.versionId];
  const [[totals], trainings, models] = await Promise.all([
    query<{ versions: number; images: number; generating: number }>(TOTALS, values),
    query<TrashConsequences["trainings"][number] & { total: number }>(TRAININGS, [...values, scope.trainingId]),
    query<TrashConsequences["models"][number] & { total: number }>(MODELS, [...values, scope.trainingId, ctx.now]),
  ]);
  return {
    id: scope.id,
    name: scope.name,
    purgeAfter: new Date(ctx.now.getTime() + RETENTION_MS),
    days: RETENTION_MS / DAY_MS,
    images: scope.trainingId ? 0 : totals!.images,
    generating: scope.trainingId ? 0 : totals!.generating,
    versions: scope.versionId ? 0 : totals!.versions,
    trainings: trainings.map(({ total: _total, ...training }) => training),
    trainingCount: trainings[0]?.total ?? 0,
    models: models.map(({ slug, calls }) => ({ slug, calls })),
    modelCount: models[0]?.total ?? 0,
  };
}

/** Throws as trashVersion does, and `in_trash`. */
export async function foreseeTrashVersion(ctx: Context, ref: VersionRef): Promise<TrashConsequences> {
  const { workspaceId } = authorize(ctx, "update version", ref.workspaceSlug);
  const version = await getVersionState(workspaceId, ref);
  if (version.deletedAt) throw versionInTrash(version.number, version.name, version.purgeAfter!);
  return foresee(ctx, {
    id: version.id,
    name: version.name,
    projectId: version.projectId,
    versionId: version.id,
    trainingId: null,
  });
}

/** Throws as trashProject does, and `in_trash`. */
export async function foreseeTrashProject(ctx: Context, ref: SluggedProjectRef): Promise<TrashConsequences> {
  const { workspaceId } = authorize(ctx, "update project", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  return foresee(ctx, { id: project.id, name: project.name, projectId: project.id, versionId: null, trainingId: null });
}

/** Throws as trashTraining does, and `in_trash`. */
export async function foreseeTrashTraining(ctx: Context, ref: TrainingRef): Promise<TrashConsequences> {
  const { workspaceId } = authorize(ctx, "update version", ref.workspaceSlug);
  const training = await getTrainingState(workspaceId, ref);
  if (training.deletedAt)
    throw new DomainError("in_trash", `${training.name} is in Trash.`, {
      restorableUntil: training.purgeAfter!.toISOString(),
    });
  return foresee(ctx, {
    id: training.id,
    name: training.name,
    projectId: training.projectId,
    versionId: training.versionId,
    trainingId: training.id,
  });
}
