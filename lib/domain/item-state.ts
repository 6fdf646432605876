import { prisma, query, statement } from "@/lib/platform/db";
import type { Prisma } from "@/lib/platform/generated/client";
import type { ProjectType, TrainingStatus, VersionStatus } from "@/lib/platform/generated/enums";
import { DomainError } from "./errors";
import { describeFailure } from "./generation-failure";

/*
 * What a project, version or training is right now, whether live or in Trash; or, thrown, why there is none to be had:
 * `not_found`, `purged` with the receipt, hidden by a parent in Trash.
 */

/** By slug as programs and pages name it, or by the opaque id that Trash lists. */
export type ProjectRef = { workspaceSlug: string } & ({ projectSlug: string } | { projectId: string });
export type SluggedProjectRef = { workspaceSlug: string; projectSlug: string };
export type VersionRef = SluggedProjectRef & { number: number };
/** The version, where given, must be the training's own. */
/** Source images that were removed together. */
export type RemovalRef = { workspaceSlug: string; removalId: string };
export type TrainingRef = { workspaceSlug: string; trainingId: string; projectSlug?: string; number?: number };

interface TrashState {
  deletedAt: Date | null;
  purgeAfter: Date | null;
}

export interface ProjectState extends TrashState {
  id: string;
  slug: string;
  name: string;
  type: ProjectType;
}

export interface VersionState extends TrashState {
  id: string;
  number: number;
  name: string;
  status: VersionStatus;
  failureReason: string | null;
  failureDetail: string | null;
  projectId: string;
  projectSlug: string;
  projectName: string;
  projectDeletedAt: Date | null;
  projectPurgeAfter: Date | null;
}

export interface TrainingState extends TrashState {
  id: string;
  name: string;
  status: TrainingStatus;
  endedAt: Date | null;
  versionId: string;
  versionNumber: number;
  versionName: string;
  versionDeletedAt: Date | null;
  versionPurgeAfter: Date | null;
  projectId: string;
  projectSlug: string;
  projectName: string;
  projectDeletedAt: Date | null;
  projectPurgeAfter: Date | null;
}

/** Source images that were removed together, in Trash or, once all of them are back, not. */
export interface RemovalState extends TrashState {
  id: string;
  name: string;
  projectId: string;
  projectName: string;
  projectDeletedAt: Date | null;
}

/** What images that were removed together are called, of rows `x` and `p`, in SQL. */
export const REMOVAL_NAME = `x.images || case when x.images = 1 then ' image of ' else ' images of ' end || p.name`;

/** The same, for people at other places. */
export const removalName = (images: number, projectName: string): string =>
  `${images} ${images === 1 ? "image" : "images"} of ${projectName}`;

/** The project's name in such a name. */
export const projectOfRemoval = (name: string): string => name.replace(/^\d+ images? of /, "");

/** hot: asked at nearly every request. */
const PROJECT_STATE = statement({
  name: "project-state",
  text: `
select id, slug, name, type, deleted_at as "deletedAt", purge_after as "purgeAfter"
from projects where workspace_id = $1 and (slug = $2 or id = $3) and purge_started_at is null`,
});

/** The receipt of what is not there any more, if it was purged. */
const findReceipt = (where: Prisma.PurgeReceiptWhereInput) =>
  prisma().purgeReceipt.findFirst({
    where,
    orderBy: { purgedAt: "desc" },
    select: { id: true, itemName: true, purgedAt: true },
  });

function purged(what: string, receipt: { id: string; purgedAt: Date }): DomainError {
  return new DomainError(
    "purged",
    `${what} was permanently deleted on ${receipt.purgedAt.toISOString().slice(0, 10)}. It cannot be restored.`,
    { receiptId: receipt.id },
  );
}

/** A project, live or in Trash. One whose purge has begun is purged. Throws `not_found`, `purged`. */
export async function getProjectState(workspaceId: string, ref: ProjectRef): Promise<ProjectState> {
  const bySlug = "projectSlug" in ref;
  const [state] = await query<ProjectState>(PROJECT_STATE, [
    workspaceId,
    bySlug ? ref.projectSlug : null,
    bySlug ? null : ref.projectId,
  ]);
  if (state) return state;
  const named = bySlug ? { projectSlug: ref.projectSlug } : { projectId: ref.projectId };
  const receipt = await findReceipt({ workspaceId, itemType: "PROJECT", ...named });
  if (receipt) throw purged(`The project "${receipt.itemName}"`, receipt);
  throw new DomainError("not_found", "There is no such project.");
}

/** A project that is not in Trash. Throws `in_trash` too. */
export async function getLiveProject(workspaceId: string, ref: ProjectRef): Promise<ProjectState> {
  const state = await getProjectState(workspaceId, ref);
  if (state.deletedAt) {
    throw new DomainError("in_trash", `The project "${state.name}" is in Trash. Restore it to use it.`, {
      restorableUntil: state.purgeAfter!.toISOString(),
    });
  }
  return state;
}

/** hot: asked at nearly every request. */
const VERSION_STATE = statement({
  name: "version-state",
  text: `
select v.id, v.number, v.name, v.status, v.failure_reason as "failureReason", v.failure_detail as "failureDetail",
  v.deleted_at as "deletedAt", v.purge_after as "purgeAfter",
  p.id as "projectId", p.slug as "projectSlug", p.name as "projectName",
  p.deleted_at as "projectDeletedAt", p.purge_after as "projectPurgeAfter"
from projects p join versions v on v.project_id = p.id
where p.workspace_id = $1 and (p.slug = $2 or p.id = $3) and v.number = $4 and p.purge_started_at is null`,
});

function projectInTrash(name: string, purgeAfter: Date): DomainError {
  return new DomainError("project_in_trash", `Its project "${name}" is in Trash. Restore the project first.`, {
    restorableUntil: purgeAfter.toISOString(),
  });
}

/**
 * A version, live or in Trash. Throws `not_found`, `purged`, and `project_in_trash` unless `inTrashedProject` asks for
 * those as well.
 */
export async function getVersionState(
  workspaceId: string,
  ref: ProjectRef & { number: number },
  options: { inTrashedProject?: boolean } = {},
): Promise<VersionState> {
  const [state] = await query<VersionState>(VERSION_STATE, [
    workspaceId,
    "projectSlug" in ref ? ref.projectSlug : null,
    "projectId" in ref ? ref.projectId : null,
    ref.number,
  ]);
  if (!state) {
    const project = await getProjectState(workspaceId, ref);
    const receipt = await findReceipt({ projectId: project.id, versionNumber: ref.number, itemType: "VERSION" });
    if (receipt) throw purged(`Version ${ref.number} "${receipt.itemName}"`, receipt);
    throw new DomainError("not_found", `There is no version ${ref.number} in the project "${project.name}".`);
  }
  if (state.projectDeletedAt && !options.inTrashedProject)
    throw projectInTrash(state.projectName, state.projectPurgeAfter!);
  return state;
}

/** Why a version cannot be used: it is in Trash. */
export function versionInTrash(number: number, name: string, purgeAfter: Date): DomainError {
  return new DomainError("in_trash", `Version ${number} "${name}" is in Trash. Restore it to use it.`, {
    restorableUntil: purgeAfter.toISOString(),
  });
}

/** A version that is neither in Trash nor failed. Throws `in_trash` and `generation_failed` too. */
export async function getLiveVersion(workspaceId: string, ref: VersionRef): Promise<VersionState> {
  const state = await getVersionState(workspaceId, ref);
  if (state.deletedAt) throw versionInTrash(state.number, state.name, state.purgeAfter!);
  if (state.status === "FAILED")
    throw new DomainError(
      "generation_failed",
      `Version ${state.number} could not be generated: ${describeFailure(state.failureReason, state.failureDetail)}.`,
    );
  return state;
}

/** hot: asked at nearly every request. */
const TRAINING_STATE = statement({
  name: "training-state",
  text: `
select t.id, 'Training ' || t.number as name, t.status, t.ended_at as "endedAt",
  t.deleted_at as "deletedAt", t.purge_after as "purgeAfter",
  v.id as "versionId", v.number as "versionNumber", v.name as "versionName",
  v.deleted_at as "versionDeletedAt", v.purge_after as "versionPurgeAfter",
  p.id as "projectId", p.slug as "projectSlug", p.name as "projectName",
  p.deleted_at as "projectDeletedAt", p.purge_after as "projectPurgeAfter"
from trainings t join versions v on v.id = t.version_id join projects p on p.id = v.project_id
where t.id = $1 and t.workspace_id = $2 and p.purge_started_at is null`,
});

/**
 * A training, live or in Trash. Throws `not_found`, `purged`, and `project_in_trash` or `in_trash` when its project or
 * version is in Trash, unless `inTrashedParent` asks for those as well.
 */
export async function getTrainingState(
  workspaceId: string,
  ref: TrainingRef,
  options: { inTrashedParent?: boolean } = {},
): Promise<TrainingState> {
  const [state] = await query<TrainingState>(TRAINING_STATE, [ref.trainingId, workspaceId]);
  const elsewhere =
    state &&
    ((ref.projectSlug !== undefined && ref.projectSlug !== state.projectSlug) ||
      (ref.number !== undefined && ref.number !== state.versionNumber));
  if (!state || elsewhere) {
    const receipt = elsewhere ? null : await findReceipt({ itemType: "TRAINING", itemId: ref.trainingId, workspaceId });
    if (receipt) throw purged(receipt.itemName, receipt);
    throw new DomainError("not_found", "There is no such training.");
  }
  if (options.inTrashedParent) return state;
  if (state.projectDeletedAt) throw projectInTrash(state.projectName, state.projectPurgeAfter!);
  if (state.versionDeletedAt) throw versionInTrash(state.versionNumber, state.versionName, state.versionPurgeAfter!);
  return state;
}

const REMOVAL_STATE = statement({
  name: "image-removal-state",
  text: `
select x.id, ${REMOVAL_NAME} as name, x.deleted_at as "deletedAt", x.purge_after as "purgeAfter",
  p.id as "projectId", p.name as "projectName", p.deleted_at as "projectDeletedAt"
from image_removals x join projects p on p.id = x.project_id
where x.id = $1 and x.workspace_id = $2 and p.purge_started_at is null`,
});

/** Source images that were removed together, whether their project is in Trash or not. Throws `not_found`, `purged`. */
export async function getRemovalState(workspaceId: string, { removalId }: RemovalRef): Promise<RemovalState> {
  const [state] = await query<RemovalState>(REMOVAL_STATE, [removalId, workspaceId]);
  if (state) return state;
  const receipt = await findReceipt({ itemType: "IMAGES", itemId: removalId, workspaceId });
  if (receipt) throw purged(`"${receipt.itemName}"`, receipt);
  throw new DomainError("not_found", "There are no such images in Trash.");
}
