import { randomInt } from "node:crypto";
import { query, transaction, type Statement, type Transaction } from "@/lib/platform/db";
import type { Split, VersionStatus } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import { recordAudit } from "@/lib/domain/audit";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import type { FailureReason } from "@/lib/domain/generation-failure";
import type { ImageBox } from "@/lib/domain/images";
import {
  getLiveProject,
  getVersionState,
  versionInTrash,
  type SluggedProjectRef,
  type VersionRef,
} from "@/lib/domain/item-state";
import { parseName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";

/*
 * How a version comes to be: under the locks of its workspace and project it is planned from the images as they are,
 * checked against the quota, and reserved; then a worker makes its files (generation-work.ts), and it is ready, or it
 * failed and gave back what it reserved. What is in the images is the caller's to plan: the domain knows no engine.
 */

/** An image of a project as a plan begins with it. */
export interface PlannableImage {
  id: string;
  split: Split;
  label: string | null;
  boxes: readonly ImageBox[];
}

/** What a version's files follow from, beside its source images. */
export interface GenerationSettings {
  /** 0 to 2147483647 */
  seed: number;
  preprocessing: object;
  augmentation: object;
  /** Whole percents that add up to 100; null keeps each image in the split that it has. */
  splits: SplitShares | null;
}

export interface SplitShares {
  train: number;
  valid: number;
  test: number;
}

/** The shares as they are stored: {} for none. */
export type StoredSplits = Partial<SplitShares>;

export const readSplits = ({ train, valid, test }: StoredSplits): SplitShares | null =>
  train === undefined || valid === undefined || test === undefined ? null : { train, valid, test };

export interface VersionPlan {
  /** The images that the version is made of, with the split, label and boxes that it has of them. */
  sources: readonly PlannableImage[];
  /** How many images will be generated: what counts against the quota. */
  images: number;
}

/** Plans a version from all images of its project. Runs inside a transaction that holds locks: no file, no network. */
export type PlanVersion = (images: readonly PlannableImage[], settings: GenerationSettings) => VersionPlan;

const LOCK_WORKSPACE: Statement = {
  name: "generation-lock-workspace",
  text: `select image_quota as "imageQuota", used_images as "usedImages" from workspaces where id = $1 for no key update`,
};

const LOCK_PROJECT: Statement = {
  name: "generation-lock-project",
  text: `select deleted_at as "deletedAt" from projects where id = $1 for no key update`,
};

const IMAGES: Statement = {
  name: "generation-images",
  text: `select id, split, label, boxes from images where project_id = $1 order by id`,
};

const TRASH_IMAGES: Statement = {
  name: "generation-trash-images",
  text: `select coalesce(sum(v.counted_images), 0)::int as images from versions v join projects p on p.id = v.project_id
         where v.workspace_id = $1 and (v.deleted_at is not null or p.deleted_at is not null)`,
};

const RESERVE: Statement = {
  name: "generation-reserve",
  text: `update workspaces set used_images = used_images + $2 where id = $1`,
};

/**
 * Locks workspace and project, in this order, so that neither quota nor images move until the transaction is over (an
 * upload shares the project's lock). Answers how much of the quota there is and how much is free.
 */
async function lockForGeneration(
  tx: Transaction,
  workspaceId: string,
  project: { id: string; name: string },
): Promise<{ quota: number; free: number }> {
  const [workspace] = await tx.query<{ imageQuota: number; usedImages: number }>(LOCK_WORKSPACE, [workspaceId]);
  const [locked] = await tx.query<{ deletedAt: Date | null }>(LOCK_PROJECT, [project.id]);
  if (!locked || locked.deletedAt)
    throw new DomainError("in_trash", `The project "${project.name}" is in Trash. Restore it to use it.`);
  const { imageQuota, usedImages } = workspace!;
  return { quota: imageQuota, free: Math.max(0, imageQuota - usedImages) };
}

/** Plans from the images as they are, and reserves what the plan makes. Throws `nothing_to_generate`, `quota_exceeded`. */
async function reserve(
  tx: Transaction,
  workspaceId: string,
  projectId: string,
  room: { quota: number; free: number },
  plan: PlanVersion,
  settings: GenerationSettings,
): Promise<VersionPlan> {
  const images = await tx.query<PlannableImage>(IMAGES, [projectId]);
  const planned = plan(images, settings);
  if (planned.images === 0) {
    const sentence =
      images.length === 0
        ? "This project has no images. Upload some first."
        : `None of the ${images.length} images is left with these settings. Label some, or leave out "filter-null".`;
    throw new DomainError("nothing_to_generate", sentence, { images: images.length });
  }
  if (planned.images > room.free) {
    const [trash] = await tx.query<{ images: number }>(TRASH_IMAGES, [workspaceId]);
    const inTrash = trash!.images;
    const advice =
      inTrash > 0
        ? `${inTrash} sit in Trash: purge some of them, or ask for a larger quota.`
        : "Nothing sits in Trash. Delete and purge a version, or ask for a larger quota.";
    throw new DomainError(
      "quota_exceeded",
      `This version needs ${planned.images} images, and ${room.free} of ${room.quota} are free. ${advice}`,
      { needed: planned.images, ...room, inTrash },
    );
  }
  await tx.query(RESERVE, [workspaceId, planned.images]);
  return planned;
}

const INSERT_SOURCES: Statement = {
  name: "generation-insert-sources",
  text: `insert into generation_sources (version_id, image_id, split, label, boxes)
         select $1, s.* from unnest($2::text[], $3::"Split"[], $4::text[], $5::jsonb[]) s`,
};

/** Rows in one statement. */
const SOURCES_BATCH = 10_000;

async function insertSources(tx: Transaction, versionId: string, sources: readonly PlannableImage[]): Promise<void> {
  for (let start = 0; start < sources.length; start += SOURCES_BATCH) {
    const batch = sources.slice(start, start + SOURCES_BATCH);
    await tx.query(INSERT_SOURCES, [
      versionId,
      batch.map((s) => s.id),
      batch.map((s) => s.split),
      batch.map((s) => s.label),
      batch.map((s) => JSON.stringify(s.boxes)),
    ]);
  }
}

const DRAW_NUMBER: Statement = {
  name: "generation-draw-number",
  text: `update projects set next_version_number = next_version_number + 1, updated_at = $2 where id = $1 returning next_version_number - 1 as number`,
};

const INSERT_VERSION: Statement = {
  name: "generation-insert-version",
  text: `insert into versions (id, workspace_id, project_id, number, name, seed, preprocessing, augmentation, split_percents, counted_images, created_by_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
};

export interface NewVersion {
  id: string;
  number: number;
  name: string;
  /** Generated images that it will have. */
  images: number;
}

const SEEDS = 2 ** 31;

/** "2026-11-23 03:26", UTC. */
const nameOf = (now: Date): string => now.toISOString().slice(0, 16).replace("T", " ");

/**
 * Makes version N of a project, still without images: plans it from the project's images as they are, reserves what it
 * will count against the quota, and wakes a worker, all or nothing. Numbers come from the project's counter, so that one
 * is never used twice. Without a name it is called after the instant, without a seed one is drawn.
 * Throws `not_found`, `in_trash`, `purged`, `invalid_input`, `nothing_to_generate`, `quota_exceeded`.
 */
export async function createVersion(
  ctx: Context,
  input: SluggedProjectRef &
    Omit<GenerationSettings, "seed"> & { name?: string | undefined; seed?: number | undefined; plan: PlanVersion },
): Promise<NewVersion> {
  const { workspaceId } = authorize(ctx, "create version", input.workspaceSlug);
  const name = parseName(input.name ?? nameOf(ctx.now));
  const { preprocessing, augmentation, splits, plan, seed = randomInt(SEEDS) } = input;
  const project = await getLiveProject(workspaceId, input);
  return transaction(async (tx) => {
    const room = await lockForGeneration(tx, workspaceId, project);
    const { sources, images } = await reserve(tx, workspaceId, project.id, room, plan, {
      seed,
      preprocessing,
      augmentation,
      splits,
    });
    const [drawn] = await tx.query<{ number: number }>(DRAW_NUMBER, [project.id, ctx.now]);
    const id = newId();
    await tx.query(INSERT_VERSION, [
      id,
      workspaceId,
      project.id,
      drawn!.number,
      name,
      seed,
      preprocessing,
      augmentation,
      splits ?? {},
      images,
      personId(ctx.actor),
      ctx.now,
    ]);
    await insertSources(tx, id, sources);
    await recordAudit(tx, ctx, [
      {
        workspaceId,
        action: "version.created",
        targetType: "version",
        targetId: id,
        targetName: name,
        details: { images },
      },
    ]);
    await enqueue(tx, "generate-versions");
    return { id, number: drawn!.number, name, images };
  });
}

/** What a plan is made from, as it is now; nothing is locked, so it may be otherwise a moment later. */
export interface PlanningFacts {
  images: PlannableImage[];
  quota: number;
  /** Images that a new version may have. */
  free: number;
  /** What versions in Trash still count. */
  inTrash: number;
}

const QUOTA: Statement = {
  name: "generation-quota",
  text: `select image_quota as "imageQuota", used_images as "usedImages" from workspaces where id = $1`,
};

/** For an estimate: a project's images and the room in the quota. Throws `not_found`, `in_trash`, `purged`. */
export async function getPlanningFacts(ctx: Context, ref: SluggedProjectRef): Promise<PlanningFacts> {
  const { workspaceId } = authorize(ctx, "create version", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const [images, [workspace], [trash]] = await Promise.all([
    query<PlannableImage>(IMAGES, [project.id]),
    query<{ imageQuota: number; usedImages: number }>(QUOTA, [workspaceId]),
    query<{ images: number }>(TRASH_IMAGES, [workspaceId]),
  ]);
  const { imageQuota, usedImages } = workspace!;
  return { images, quota: imageQuota, free: Math.max(0, imageQuota - usedImages), inTrash: trash!.images };
}

// ── Over before it was done ──────────────────────────────────────────────────────────────────────────────────────────

const LOCK_GENERATING: Statement = {
  name: "generation-lock-generating",
  text: `select counted_images as "countedImages" from versions
         where id = $1 and workspace_id = $2 and status = 'GENERATING' and ($3::text is null or generator_lease_id = $3) for no key update`,
};

const FAIL: Statement = {
  name: "generation-fail",
  text: `update versions set status = 'FAILED', failure_reason = $2, failure_detail = $3, counted_images = 0, generator_lease_id = null, generator_until = null where id = $1`,
};

const GIVE_BACK: Statement = {
  name: "generation-give-back",
  text: `update workspaces set used_images = used_images - $2 where id = $1`,
};

const REMOVE_SOURCES: Statement = {
  name: "generation-remove-sources",
  text: `delete from generation_sources where version_id = $1`,
};

/**
 * Ends the generation of a version, if it is still going on, and gives back what it reserved: once, however often this
 * is called. With a lease only if that is the one it is being worked on under. The files that were made stay: they go
 * with the end of a later attempt, or with the purge. Leaves workspace and version locked.
 */
export async function cancelGeneration(
  tx: Transaction,
  input: { workspaceId: string; versionId: string; reason: FailureReason; detail?: string | null; leaseId?: string },
): Promise<boolean> {
  await tx.query(LOCK_WORKSPACE, [input.workspaceId]);
  const [version] = await tx.query<{ countedImages: number }>(LOCK_GENERATING, [
    input.versionId,
    input.workspaceId,
    input.leaseId ?? null,
  ]);
  if (!version) return false;
  await tx.query(FAIL, [input.versionId, input.reason, input.detail ?? null]);
  await tx.query(GIVE_BACK, [input.workspaceId, version.countedImages]);
  await tx.query(REMOVE_SOURCES, [input.versionId]);
  return true;
}

export interface Cancelled {
  outcome: "cancelled" | "not_generating";
  id: string;
  name: string;
}

/**
 * Stops the generation of a live version, which is then failed and counts nothing. Repeating, or coming too late, is
 * `not_generating` and changes nothing. Throws `not_found`, `in_trash`, `project_in_trash`, `purged`.
 */
export async function cancelVersionGeneration(ctx: Context, ref: VersionRef): Promise<Cancelled> {
  const { workspaceId } = authorize(ctx, "create version", ref.workspaceSlug);
  const { id, name, deletedAt, purgeAfter } = await getVersionState(workspaceId, ref);
  if (deletedAt) throw versionInTrash(ref.number, name, purgeAfter!);
  const cancelled = await transaction(async (tx) => {
    if (!(await cancelGeneration(tx, { workspaceId, versionId: id, reason: "cancelled" }))) return false;
    await recordAudit(tx, ctx, [
      { workspaceId, action: "version.generation_cancelled", targetType: "version", targetId: id, targetName: name },
    ]);
    return true;
  });
  return { outcome: cancelled ? "cancelled" : "not_generating", id, name };
}

// ── Once more ────────────────────────────────────────────────────────────────────────────────────────────────────────

const LOCK_VERSION: Statement = {
  name: "generation-lock-version",
  text: `select status, deleted_at as "deletedAt", purge_after as "purgeAfter", name, seed, preprocessing, augmentation, split_percents as "splitPercents"
         from versions where id = $1 for no key update`,
};

const RESTART: Statement = {
  name: "generation-restart",
  text: `update versions set status = 'GENERATING', failure_reason = null, failure_detail = null, progress = 0, generator_attempts = 0, counted_images = $2 where id = $1`,
};

interface LockedVersion {
  status: VersionStatus;
  deletedAt: Date | null;
  purgeAfter: Date | null;
  name: string;
  seed: number;
  preprocessing: object;
  augmentation: object;
  splitPercents: StoredSplits;
}

export interface Retried {
  outcome: "retried" | "already_generating" | "already_ready";
  id: string;
  name: string;
}

/**
 * Generates a failed version after all: planned anew from today's images, under the same locks and quota as a new one,
 * with the number, name, seed and settings that it has. Repeating is `already_generating` and reserves nothing twice.
 * Throws `not_found`, `in_trash`, `project_in_trash`, `purged`, `nothing_to_generate`, `quota_exceeded`.
 */
export async function retryVersionGeneration(ctx: Context, ref: VersionRef, plan: PlanVersion): Promise<Retried> {
  const { workspaceId } = authorize(ctx, "create version", ref.workspaceSlug);
  const { id, projectId, projectName } = await getVersionState(workspaceId, ref);
  const retried = await transaction(async (tx): Promise<Retried | null> => {
    const room = await lockForGeneration(tx, workspaceId, { id: projectId, name: projectName });
    const [version] = await tx.query<LockedVersion>(LOCK_VERSION, [id]);
    if (!version) return null;
    const { status, deletedAt, purgeAfter, name, splitPercents, ...settings } = version;
    if (deletedAt) throw versionInTrash(ref.number, name, purgeAfter!);
    if (status !== "FAILED") return { outcome: status === "READY" ? "already_ready" : "already_generating", id, name };
    const { sources, images } = await reserve(tx, workspaceId, projectId, room, plan, {
      ...settings,
      splits: readSplits(splitPercents),
    });
    await tx.query(RESTART, [id, images]);
    await insertSources(tx, id, sources);
    await recordAudit(tx, ctx, [
      {
        workspaceId,
        action: "version.generation_retried",
        targetType: "version",
        targetId: id,
        targetName: name,
        details: { images },
      },
    ]);
    await enqueue(tx, "generate-versions");
    return { outcome: "retried", id, name };
  });
  if (retried) return retried;
  await getVersionState(workspaceId, ref); // throws that it was purged meanwhile
  throw new DomainError("busy", "The version changed at this very moment. Try again.");
}
