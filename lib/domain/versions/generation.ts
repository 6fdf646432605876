import { prisma, statement, transaction, type Transaction } from "@/lib/platform/db";
import type { Split } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import { recordAudit } from "@/lib/domain/audit";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { versionPrefix, withRoot } from "@/lib/domain/grants";
import type { ImageBox } from "@/lib/domain/images";
import { getLiveProject, type SluggedProjectRef } from "@/lib/domain/item-state";
import { liveImage, lockLiveProject, takeLocks, workspaceLock } from "@/lib/domain/locks";
import { parseName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";
import { readQuota, reserveImages, type QuotaRoom } from "@/lib/domain/quota";

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

/** A project's images as a plan begins with them, in one order for good. */
async function listPlannable(client: Pick<Transaction, "image">, projectId: string): Promise<PlannableImage[]> {
  const images = await client.image.findMany({
    where: { projectId, ...liveImage },
    orderBy: { id: "asc" },
    select: { id: true, split: true, label: true, boxes: true },
  });
  return images.map(({ boxes, ...image }) => ({ ...image, boxes: boxes as unknown as ImageBox[] })); // clipBoxes made them
}

/**
 * Locks workspace and project, so that neither quota nor images move until the transaction is over (an upload shares the
 * project's lock).
 */
export async function lockForGeneration(
  tx: Transaction,
  workspaceId: string,
  project: { id: string; name: string },
): Promise<void> {
  await takeLocks(tx, workspaceLock(workspaceId));
  if (!(await lockLiveProject(tx, project.id, "write")))
    throw new DomainError("in_trash", `The project "${project.name}" is in Trash. Restore it to use it.`);
}

/** Plans from the images as they are, and reserves what the plan makes. Throws `nothing_to_generate`, `quota_exceeded`. */
export async function planAndReserve(
  tx: Transaction,
  workspaceId: string,
  projectId: string,
  plan: PlanVersion,
  settings: GenerationSettings,
): Promise<VersionPlan> {
  const images = await listPlannable(tx, projectId);
  const planned = plan(images, settings);
  if (planned.images === 0) {
    const sentence =
      images.length === 0
        ? "This project has no images. Upload some first."
        : `None of the ${images.length} images is left with these settings. Label some, or leave out "filter-null".`;
    throw new DomainError("nothing_to_generate", sentence, { images: images.length });
  }
  await reserveImages(tx, workspaceId, planned.images);
  return planned;
}

/** A set: as many as the project has images. */
const INSERT_SOURCES = statement({
  name: "generation-insert-sources",
  text: `insert into generation_sources (version_id, image_id, split, label, boxes)
         select $1, s.* from unnest($2::text[], $3::"Split"[], $4::text[], $5::jsonb[]) s`,
});

/** Rows in one statement. */
const SOURCES_BATCH = 10_000;

export async function insertSources(
  tx: Transaction,
  versionId: string,
  sources: readonly PlannableImage[],
): Promise<void> {
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

export interface NewVersion {
  id: string;
  number: number;
  name: string;
  /** Generated images that it will have. */
  images: number;
}

/** How many seeds there are, from 0. */
export const SEEDS = 2 ** 31;

/** "2026-11-23 03:26", UTC. */
const nameOf = (now: Date): string => now.toISOString().slice(0, 16).replace("T", " ");

/**
 * Makes version N of a project, still without images: plans it from the project's images as they are, reserves what it
 * will count against the quota, and wakes a worker, all or nothing. Numbers come from the project's counter, so that one
 * is never used twice. Without a name it is called after the instant. Without a seed it has its project's, so that images that
 * are dealt to splits stay where they were in the versions before; `keepSeed` makes a given one the project's.
 * Throws `not_found`, `in_trash`, `purged`, `invalid_input`, `nothing_to_generate`, `quota_exceeded`.
 */
export async function createVersion(
  ctx: Context,
  input: SluggedProjectRef &
    Omit<GenerationSettings, "seed"> & {
      name?: string | undefined;
      seed?: number | undefined;
      keepSeed?: boolean | undefined;
      plan: PlanVersion;
    },
): Promise<NewVersion> {
  const { workspaceId } = authorize(ctx, "create version", input.workspaceSlug);
  const name = parseName(input.name ?? nameOf(ctx.now));
  const { preprocessing, augmentation, splits, plan } = input;
  const project = await getLiveProject(workspaceId, input);
  const id = newId();
  const insert = () =>
    transaction(async (tx): Promise<NewVersion> => {
      await lockForGeneration(tx, workspaceId, project);
      const numbered = await tx.project.update({
        where: { id: project.id },
        data: {
          nextVersionNumber: { increment: 1 },
          updatedAt: ctx.now,
          ...(input.keepSeed && input.seed !== undefined ? { seed: input.seed } : {}),
        },
        select: { nextVersionNumber: true, seed: true },
      });
      const number = numbered.nextVersionNumber - 1;
      const seed = input.seed ?? numbered.seed;
      const { sources, images } = await planAndReserve(tx, workspaceId, project.id, plan, {
        seed,
        preprocessing,
        augmentation,
        splits,
      });
      await tx.version.create({
        data: {
          id,
          workspaceId,
          projectId: project.id,
          number,
          name,
          seed,
          preprocessing,
          augmentation,
          splitPercents: { ...splits },
          countedImages: images,
          createdById: personId(ctx.actor),
          createdAt: ctx.now,
        },
      });
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
      return { id, number, name, images };
    });
  return withRoot(versionPrefix(id), insert);
}

/** What a plan is made from, as it is now; nothing is locked, so it may be otherwise a moment later. */
export interface PlanningFacts extends QuotaRoom {
  images: PlannableImage[];
}

/** For an estimate: a project's images and the room in the quota. Throws `not_found`, `in_trash`, `purged`. */
export async function getPlanningFacts(ctx: Context, ref: SluggedProjectRef): Promise<PlanningFacts> {
  const { workspaceId } = authorize(ctx, "create version", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const [images, room] = await Promise.all([listPlannable(prisma(), project.id), readQuota(workspaceId)]);
  return { images, ...room };
}
