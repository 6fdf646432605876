import { createHash } from "node:crypto";
import type { z } from "zod";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import type { AddedImage } from "@/lib/domain/images";
import type { NewVersion, VersionSummary, VersionView } from "@/lib/domain/versions";
import type { ModelsPage, ModelView, TrainingView } from "@/lib/domain/trainings";
import type { ProjectPage, ProjectView, VersionPage, WorkspaceView } from "@/lib/domain/projects";
import type { AlreadyInTrash, Restored, Trashed, TrashItem, TrashPage } from "@/lib/domain/trash";
import type { AnnotationProblem } from "@/lib/work/uploads/annotations";
import { keyWorkspace } from "./route";
import type * as schemas from "./schemas";

/*
 * What the domain answers, in the words of the official client: slugs joined to ids, epoch seconds, kebab-case types.
 */

export type VersionPath = { workspace: string; project: string; version: number };

export const epochSeconds = (instant: Date): number => instant.getTime() / 1000;

export const PROJECT_TYPES = {
  OBJECT_DETECTION: "object-detection",
  CLASSIFICATION: "classification",
  INSTANCE_SEGMENTATION: "instance-segmentation",
  SEMANTIC_SEGMENTATION: "semantic-segmentation",
  KEYPOINT_DETECTION: "keypoint-detection",
  TEXT_IMAGE_PAIRS: "text-image-pairs",
} as const satisfies Record<ProjectView["type"], string>;

/** A class's colour: always the same for the same name, full enough to be told from its neighbours. */
export function colorOf(className: string): string {
  const hue = createHash("sha256").update(className).digest().readUInt16BE(0) % 360;
  const channel = (offset: number): string => {
    const k = (offset + hue / 30) % 12;
    const value = 0.5 - 0.4 * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/** A record of settings, whatever the column holds: the client breaks on null. */
function settingsOf(value: VersionView["preprocessing"]): Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}

export function presentProject(project: ProjectView): z.input<typeof schemas.projectAnswer>["project"] {
  return {
    id: `${project.workspaceSlug}/${project.slug}`,
    type: PROJECT_TYPES[project.type],
    name: project.name,
    created: epochSeconds(project.createdAt),
    updated: epochSeconds(project.updatedAt),
    images: project.images,
    unannotated: project.unlabelledImages,
    annotation: project.annotation,
    versions: project.versions,
    public: false,
    splits: { train: project.splits.TRAIN, valid: project.splits.VALID, test: project.splits.TEST },
    colors: Object.fromEntries(Object.keys(project.classes).map((name) => [name, colorOf(name)])),
    classes: project.classes,
  };
}

/** The client reads `success` or `duplicate`, whichever is there. */
export const presentUpload = ({ id, duplicate }: AddedImage): z.input<typeof schemas.uploadAnswer> =>
  duplicate ? { duplicate, id } : { success: true, id };

export function presentAnnotation(problems: readonly AnnotationProblem[]): z.input<typeof schemas.annotationAnswer> {
  return {
    success: true,
    ...(problems.length === 0 ? {} : { problems: problems.map(({ code, count }) => ({ code, count })) }),
  };
}

const versionFields = (projectId: string, version: VersionSummary) => ({
  id: `${projectId}/${version.number}`,
  name: version.name,
  created: epochSeconds(version.createdAt),
  images: version.images,
  splits: version.splits,
  preprocessing: settingsOf(version.preprocessing),
  augmentation: settingsOf(version.augmentation),
  exports: version.exports.map((format) => format.toLowerCase()),
});

/** A loop of the client's `version.train()` ends at `results` or at "failed", and nowhere else. */
function presentTrain({ status, statusReason, metrics }: TrainingView): z.input<typeof schemas.trainState> {
  switch (status) {
    case "QUEUED":
      return { status: "queued" };
    case "RUNNING":
      return { status: "running" };
    case "FINISHED":
    case "STOPPED":
      return { status: "finished", results: metrics };
    case "FAILED":
    case "CANCELLED":
      return { status: "failed", reason: statusReason ?? status.toLowerCase() };
  }
}

/** The epochs in the words that the client prints while a run goes on: our accuracy is what it calls mAP. */
const presentEpochs = ({ curve }: TrainingView) => ({
  epochs: curve.map(({ epoch, loss, accuracy, validAccuracy }) => ({
    epoch,
    mAP: validAccuracy ?? accuracy,
    box_loss: 0,
    class_loss: loss,
    obj_loss: 0,
  })),
});

const modelSlugs = (version: VersionView): string[] =>
  version.trainings.flatMap((training) => training.modelSlug ?? []);

/** The key's own workspace: the client asks for nothing else here. */
export function presentKey(ctx: Context): z.input<typeof schemas.keyAnswer> {
  return {
    welcome: "Welcome to Reprieve.",
    instructions: "Your key belongs to the workspace named below.",
    docs: "/api/openapi.json",
    workspace: keyWorkspace(ctx),
  };
}

export function presentWorkspace(workspace: WorkspaceView): z.input<typeof schemas.workspaceAnswer> {
  return {
    workspace: {
      name: workspace.name,
      url: workspace.slug,
      members: workspace.members,
      projects: workspace.projects.map(presentProject),
    },
  };
}

const workspaceSummary = ({ name, slug, members }: ProjectPage["workspace"]) => ({ name, url: slug, members });

export function presentProjectPage({
  workspace,
  project,
  versions,
}: ProjectPage): z.input<typeof schemas.projectAnswer> {
  const presented = presentProject(project);
  return {
    workspace: workspaceSummary(workspace),
    project: presented,
    versions: versions.map((version) => {
      const model = version.defaultModelSlug;
      return {
        ...versionFields(presented.id, version),
        ...(model === null
          ? {}
          : { model: { id: `${project.slug}/${version.number}`, url: `${workspace.slug}/${model}` } }),
      };
    }),
  };
}

export function presentVersionPage({
  workspace,
  project,
  version,
}: VersionPage): z.input<typeof schemas.versionAnswer> {
  const presented = presentProject(project);
  const newest = version.trainings.at(-1);
  return {
    workspace: workspaceSummary(workspace),
    project: presented,
    version: {
      ...versionFields(presented.id, version),
      generating: version.status === "GENERATING",
      progress: version.progress,
      ...(newest ? { train: presentTrain(newest) } : {}),
      models: {
        ...(newest?.status === "RUNNING" && newest.curve.length > 0 ? { "roboflow-train": presentEpochs(newest) } : {}),
        ...Object.fromEntries(modelSlugs(version).map((slug) => [slug, { url: `${workspace.slug}/${slug}` }])),
      },
      classes: Object.keys(version.classes).sort(),
    },
  };
}

export function presentGenerating({ number }: NewVersion): z.input<typeof schemas.generateAnswer> {
  return { message: "Generating", version: number };
}

export function presentModel(workspace: string, model: ModelView): z.input<typeof schemas.modelAnswer> {
  return {
    url: `${workspace}/${model.slug}`,
    modelType: model.modelType,
    metrics: model.metrics,
    recommended: model.isDefault,
    version: `${workspace}/${model.projectSlug}/${model.versionNumber}`,
    group: model.trainingId,
    sizeBytes: model.sizeBytes,
    created: epochSeconds(model.createdAt),
  };
}

/** Those of a project, or of the training that the client calls a group. */
export function presentModels(
  { workspace, models }: ModelsPage,
  { group }: { group?: string | undefined },
): z.input<typeof schemas.modelsAnswer> {
  return models
    .filter(({ trainingId }) => group === undefined || group === trainingId)
    .map((model) => presentModel(workspace.slug, model));
}

// ── Trash ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The client reads a second delete off a 404, and finds the item in Trash. */
function assertTrashed(result: Trashed | AlreadyInTrash): asserts result is Trashed {
  if (result.outcome === "trashed") return;
  throw new DomainError(
    "in_trash",
    `"${result.name}" is already in Trash. Restore it from there, or leave it to be purged.`,
    {
      deletedAt: result.deletedAt.toISOString(),
      restorableUntil: result.purgeAfter.toISOString(),
    },
  );
}

export function presentTrashedProject(
  path: { workspace: string; project: string },
  result: Trashed | AlreadyInTrash,
): z.input<typeof schemas.trashedProjectAnswer> {
  assertTrashed(result);
  return {
    deleted: true,
    type: "project",
    workspace: path.workspace,
    project: path.project,
    projectId: result.id,
    trash: true,
  };
}

export function presentTrashedVersion(
  path: VersionPath,
  result: Trashed | AlreadyInTrash,
): z.input<typeof schemas.trashedVersionAnswer> {
  assertTrashed(result);
  return {
    deleted: true,
    type: "version",
    workspace: path.workspace,
    project: path.project,
    version: String(path.version),
    trash: true,
  };
}

export function presentTrashedTraining(
  path: VersionPath,
  result: Trashed | AlreadyInTrash,
): z.input<typeof schemas.trashedTrainingAnswer> {
  assertTrashed(result);
  return {
    deleted: true,
    type: "training",
    workspace: path.workspace,
    project: path.project,
    version: String(path.version),
    trainingId: result.id,
    trash: true,
  };
}

type TrashAnswer = z.input<typeof schemas.trashAnswer>;

function presentTrashItem(item: TrashItem): TrashAnswer["items"][number] {
  const facts = {
    id: item.id,
    name: item.name,
    deletedAt: item.deletedAt.toISOString(),
    scheduledCleanupAt: item.purgeAfter.toISOString(),
    deletedBy: item.deletedById,
    deletedByName: item.deletedByName ?? `deleted user (${item.deletedById})`,
  };
  switch (item.type) {
    case "PROJECT":
      return { type: "project", ...facts, url: item.projectSlug };
    case "VERSION":
      return {
        type: "version",
        ...facts,
        id: String(item.number),
        parentId: item.projectId,
        parentUrl: item.projectSlug,
        parentName: item.projectName,
      };
    case "TRAINING":
      return {
        type: "training",
        ...facts,
        parentId: item.versionId!,
        parentUrl: `${item.projectSlug}/${item.number}`,
        parentName: `${item.projectName} ${item.number}`,
      };
  }
}

/** A page of Trash. A caller who set no limit and did not get everything is told so. */
export function presentTrash(page: TrashPage, query: { limit?: number | undefined }): TrashAnswer {
  const items = page.items.map(presentTrashItem);
  return {
    items,
    sections: {
      projects: items.filter((item) => item.type === "project"),
      versions: items.filter((item) => item.type === "version"),
      trainings: items.filter((item) => item.type === "training"),
      workflows: [],
    },
    nextCursor: page.nextCursor,
    ...(page.nextCursor !== null && query.limit === undefined ? { truncated: true } : {}),
  };
}

/** Restoring what is live is 404: the thing was not found in Trash. */
export function presentRestored(
  item: z.output<typeof schemas.restoreAnswer>,
  result: Restored,
): z.input<typeof schemas.restoreAnswer> {
  if (result.outcome === "already_active")
    throw new DomainError("not_in_trash", `"${result.name}" is not in Trash. There is nothing to restore.`);
  return item;
}
