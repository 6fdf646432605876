import { query, type Statement } from "@/lib/platform/db";
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

const PROJECT_STATE: Statement = {
  name: "project-state",
  text: `select id, slug, name, type, deleted_at as "deletedAt", purge_after as "purgeAfter"
         from projects where workspace_id = $1 and (slug = $2 or id = $3) and purge_started_at is null`,
};

const PROJECT_RECEIPT: Statement = {
  name: "project-receipt",
  text: `select id, item_name as name, purged_at as "purgedAt" from purge_receipts
         where workspace_id = $1 and item_type = 'PROJECT' and (project_slug = $2 or project_id = $3)
         order by purged_at desc limit 1`,
};

interface Receipt {
  id: string;
  name: string;
  purgedAt: Date;
}

function purged(what: string, receipt: Receipt): DomainError {
  return new DomainError(
    "purged",
    `${what} was permanently deleted on ${receipt.purgedAt.toISOString().slice(0, 10)}. It cannot be restored.`,
    { receiptId: receipt.id },
  );
}

/** A project, live or in Trash. One whose purge has begun is purged. Throws `not_found`, `purged`. */
export async function getProjectState(workspaceId: string, ref: ProjectRef): Promise<ProjectState> {
  const values = [
    workspaceId,
    "projectSlug" in ref ? ref.projectSlug : null,
    "projectId" in ref ? ref.projectId : null,
  ];
  const [state] = await query<ProjectState>(PROJECT_STATE, values);
  if (state) return state;
  const [receipt] = await query<Receipt>(PROJECT_RECEIPT, values);
  if (receipt) throw purged(`The project "${receipt.name}"`, receipt);
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

const VERSION_STATE: Statement = {
  name: "version-state",
  text: `select v.id, v.number, v.name, v.status, v.failure_reason as "failureReason", v.failure_detail as "failureDetail",
           v.deleted_at as "deletedAt", v.purge_after as "purgeAfter",
           p.id as "projectId", p.slug as "projectSlug", p.name as "projectName",
           p.deleted_at as "projectDeletedAt", p.purge_after as "projectPurgeAfter"
         from projects p join versions v on v.project_id = p.id
         where p.workspace_id = $1 and (p.slug = $2 or p.id = $3) and v.number = $4 and p.purge_started_at is null`,
};

const VERSION_RECEIPT: Statement = {
  name: "version-receipt",
  text: `select id, item_name as name, purged_at as "purgedAt" from purge_receipts
         where project_id = $1 and version_number = $2 and item_type = 'VERSION'`,
};

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
    const [receipt] = await query<Receipt>(VERSION_RECEIPT, [project.id, ref.number]);
    if (receipt) throw purged(`Version ${ref.number} "${receipt.name}"`, receipt);
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

const TRAINING_STATE: Statement = {
  name: "training-state",
  text: `select t.id, 'Training ' || t.number as name, t.status, t.ended_at as "endedAt",
           t.deleted_at as "deletedAt", t.purge_after as "purgeAfter",
           v.id as "versionId", v.number as "versionNumber", v.name as "versionName",
           v.deleted_at as "versionDeletedAt", v.purge_after as "versionPurgeAfter",
           p.id as "projectId", p.slug as "projectSlug", p.name as "projectName",
           p.deleted_at as "projectDeletedAt", p.purge_after as "projectPurgeAfter"
         from trainings t join versions v on v.id = t.version_id join projects p on p.id = v.project_id
         where t.id = $1 and t.workspace_id = $2 and p.purge_started_at is null`,
};

const TRAINING_RECEIPT: Statement = {
  name: "training-receipt",
  text: `select id, item_name as name, purged_at as "purgedAt" from purge_receipts
         where item_type = 'TRAINING' and item_id = $1 and workspace_id = $2`,
};

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
    const [receipt] = elsewhere ? [] : await query<Receipt>(TRAINING_RECEIPT, [ref.trainingId, workspaceId]);
    if (receipt) throw purged(receipt.name, receipt);
    throw new DomainError("not_found", "There is no such training.");
  }
  if (options.inTrashedParent) return state;
  if (state.projectDeletedAt) throw projectInTrash(state.projectName, state.projectPurgeAfter!);
  if (state.versionDeletedAt) throw versionInTrash(state.versionNumber, state.versionName, state.versionPurgeAfter!);
  return state;
}
