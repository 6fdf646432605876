import { prisma } from "@/lib/platform/db";
import { Prisma } from "@/lib/platform/generated/client";
import type { ProjectType, VersionStatus } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { parseFailureReason, type FailureReason } from "@/lib/domain/generation-failure";
import {
  getLiveProject,
  getProjectState,
  getVersionState,
  versionInTrash,
  type SluggedProjectRef,
} from "@/lib/domain/item-state";
import { findUntrainable, listModels, type ModelView, type Untrainable } from "@/lib/domain/trainings";
import { allows, authorize } from "@/lib/domain/permissions";
import type { ItemType } from "@/lib/domain/item-types";
import type { SplitName } from "@/lib/domain/splits";
import { listImports, type VersionImport } from "./imports";
import { VERSION_COLUMNS, viewVersion, type VersionView } from "./versions";

/** A version as the list of a project's versions shows it. */
export interface ListedVersion {
  number: number;
  name: string;
  status: VersionStatus;
  /** 0 to 1; 1 when ready. */
  progress: number;
  images: number;
  splits: Record<SplitName, number>;
  createdAt: Date;
  /** Whether a model that a training of it left is serving. */
  hasModel: boolean;
  /** Of one that is not ready: whether it is, or was to be, imported. */
  imported: boolean;
}

/** The chosen version, whole. */
export interface ChosenVersion extends VersionView {
  /** null unless its generation failed. */
  failureReason: FailureReason | null;
  /** What it was about: an image's file name. */
  failureDetail: string | null;
  /** While it is generated, the images that it will have. */
  plannedImages: number;
  /** null when the account is gone, or a job made it. */
  createdByName: string | null;
  /** Why our own trainer could learn nothing from it. */
  untrainable: Untrainable | null;
  /** Those that serve, newest first. */
  models: ModelView[];
}

export interface VersionsPage {
  workspace: { slug: string; name: string };
  project: { id: string; slug: string; name: string; type: ProjectType };
  /** All live versions, failed ones among them, newest first. */
  versions: ListedVersion[];
  /** Imports that are no versions yet, or came to nothing within a day, newest first. */
  imports: VersionImport[];
  /** The one asked for, else the newest; null when there is none. */
  chosen: ChosenVersion | null;
  may: { updateVersions: boolean; createVersions: boolean; runTrainings: boolean; handInModels: boolean };
}

/**
 * Everything the page of a project's versions shows, with what this person may do there. A version whose generation
 * failed is shown here, and only here, so that somebody can read why and delete it.
 * Throws `not_found`, `in_trash`, `project_in_trash`, `purged`.
 */
export async function getVersionsPage(
  ctx: Context,
  ref: SluggedProjectRef & { number?: number },
): Promise<VersionsPage> {
  const { workspaceId, slug, name } = authorize(ctx, "read versions", ref.workspaceSlug);
  const wanted = ref.number === undefined ? null : await getVersionState(workspaceId, { ...ref, number: ref.number });
  if (wanted?.deletedAt) throw versionInTrash(wanted.number, wanted.name, wanted.purgeAfter!);
  const project = await getLiveProject(workspaceId, ref);
  const [versions, imports] = [await listVersions(project.id), await listImports(ctx, project.id)];
  const number = wanted?.number ?? versions[0]?.number;
  const chosen = number === undefined ? null : await findVersion(ctx, { ...ref, number }, project);
  if (number !== undefined && !chosen) return getVersionsPage(ctx, ref); // went to Trash between the reads: say so, or take the next
  return {
    workspace: { slug, name },
    project: { id: project.id, slug: project.slug, name: project.name, type: project.type },
    versions,
    imports,
    chosen,
    may: {
      updateVersions: allows(ctx, "update version", slug),
      createVersions: allows(ctx, "create version", slug),
      runTrainings: allows(ctx, "run trainings", slug),
      handInModels: allows(ctx, "hand in models", slug),
    },
  };
}

async function listVersions(projectId: string): Promise<ListedVersion[]> {
  const rows = await prisma().version.findMany({
    where: { projectId, deletedAt: null },
    orderBy: { number: "desc" },
    select: {
      number: true,
      name: true,
      status: true,
      progress: true,
      trainImages: true,
      validImages: true,
      testImages: true,
      createdAt: true,
      models: { where: { training: { deletedAt: null } }, select: { id: true }, take: 1 },
    },
  });
  const imported = rows.every(({ status }) => status === "READY") ? new Set() : await findImported(projectId);
  return rows.map(({ trainImages, validImages, testImages, models, ...version }) => ({
    ...version,
    imported: imported.has(version.number),
    images: trainImages + validImages + testImages,
    splits: { train: trainImages, valid: validImages, test: testImages },
    hasModel: models.length > 0,
  }));
}

/** Numbers of those that are not ready: where a version came from may be long. */
async function findImported(projectId: string): Promise<Set<number>> {
  const rows = await prisma().version.findMany({
    where: { projectId, deletedAt: null, status: { not: "READY" }, origin: { not: Prisma.AnyNull } },
    select: { number: true },
  });
  return new Set(rows.map(({ number }) => number));
}

async function findVersion(
  ctx: Context,
  ref: SluggedProjectRef & { number: number },
  project: { id: string; type: ProjectType },
): Promise<ChosenVersion | null> {
  const row = await prisma().version.findFirst({
    where: { projectId: project.id, number: ref.number, deletedAt: null },
    select: { ...VERSION_COLUMNS, failureReason: true, failureDetail: true, countedImages: true, createdById: true },
  });
  if (!row) return null;
  const { failureReason, failureDetail, countedImages, createdById, ...columns } = row;
  const [author, models] = [
    await prisma().user.findUnique({ where: { id: createdById }, select: { name: true } }),
    await listModels(ctx, ref),
  ];
  const version = viewVersion(columns);
  return {
    ...version,
    failureReason: parseFailureReason(failureReason),
    failureDetail,
    plannedImages: countedImages,
    createdByName: author?.name ?? null,
    untrainable: findUntrainable(project.type, Object.keys(version.classes).length, version.splits.train),
    models,
  };
}

/** Something that a link leads to and that waits in Trash. */
export interface ItemInTrash {
  type: Exclude<ItemType, "TRAINING">;
  name: string;
  number: number | null;
  purgeAfter: Date;
  deletedAt: Date;
  deletedById: string;
  /** null when the person's account is gone, or a job did it. */
  deletedByName: string | null;
  /** The API key with which that person did it, if one was used, and its name while there is one. */
  deletedKeyId: string | null;
  deletedKeyName: string | null;
  /** Why, in that person's words. */
  deletedNote: string | null;
}

/** Or that is gone for good and has a receipt. */
export type HiddenItem = ItemInTrash | { type: "PURGED" };

const TOLD = { deletedAt: true, purgeAfter: true, deletedById: true, deletedKeyId: true, deletedNote: true } as const;

/** What is told of a deletion; null when the item has come back meanwhile. */
async function readTold(
  item: Pick<ItemInTrash, "type" | "name" | "number"> & { id: string },
): Promise<ItemInTrash | null> {
  const { id, ...named } = item;
  const told =
    item.type === "PROJECT"
      ? await prisma().project.findUnique({ where: { id }, select: TOLD })
      : await prisma().version.findUnique({ where: { id }, select: TOLD });
  if (!told?.deletedAt || !told.purgeAfter || told.deletedById === null) return null;
  const { deletedAt, purgeAfter, deletedById, deletedKeyId, deletedNote } = told;
  const [person, key] = await Promise.all([
    prisma().user.findUnique({ where: { id: deletedById }, select: { name: true } }),
    deletedKeyId === null ? null : prisma().apiKey.findUnique({ where: { id: deletedKeyId }, select: { name: true } }),
  ]);
  return {
    ...named,
    deletedAt,
    purgeAfter,
    deletedById,
    deletedByName: person?.name ?? null,
    deletedKeyId,
    deletedKeyName: key?.name ?? null,
    deletedNote,
  };
}

/**
 * Why there is nothing at a project's or version's page: it, or its project, is in Trash, or purged. null: for another
 * reason, which a page does not tell. Throws `not_found` for somebody who is no member.
 */
export async function findHiddenItem(
  ctx: Context,
  ref: SluggedProjectRef & { number?: number },
): Promise<HiddenItem | null> {
  const { workspaceId } = authorize(ctx, "read trash", ref.workspaceSlug);
  const { number, ...project } = ref;
  try {
    if (number === undefined) {
      const { id, name, deletedAt } = await getProjectState(workspaceId, project);
      return deletedAt && readTold({ type: "PROJECT", id, name, number: null });
    }
    const state = await getVersionState(workspaceId, { ...project, number }, { inTrashedProject: true });
    if (state.projectDeletedAt)
      return readTold({ type: "PROJECT", id: state.projectId, name: state.projectName, number: null });
    return state.deletedAt && readTold({ type: "VERSION", id: state.id, name: state.name, number });
  } catch (error) {
    if (error instanceof DomainError) return error.code === "purged" ? { type: "PURGED" } : null;
    throw error;
  }
}
