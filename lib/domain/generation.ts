import { transaction, query, type Statement, type Transaction } from "@/lib/platform/db";
import type { Split } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { recordAudit } from "./audit";
import { personId, type Context } from "./context";
import { DomainError } from "./errors";
import { getLiveProject, type SluggedProjectRef } from "./item-state";
import { parseName } from "./names";
import { authorize, authorizeSystem } from "./permissions";

/*
 * How a version comes to be: its images are reserved against the quota under the workspace's lock before any work
 * starts; a generator writes its files under a lease; then it is ready, or it failed and gave back what it reserved.
 */

/** How long a writer may take between two renewals before its lease is over. */
export const WRITER_LEASE_MS = 60_000;

const LOCK_WORKSPACE: Statement = {
  name: "generation-lock-workspace",
  text: `select image_quota as "imageQuota", used_images as "usedImages" from workspaces where id = $1 for no key update`,
};

const LOCK_PROJECT: Statement = {
  name: "generation-lock-project",
  text: `select id, deleted_at as "deletedAt" from projects where id = $1 for no key update`,
};

const DRAW_NUMBER: Statement = {
  name: "generation-draw-number",
  text: `update projects set next_version_number = next_version_number + 1, updated_at = $2 where id = $1 returning next_version_number - 1 as number`,
};

const RESERVE: Statement = {
  name: "generation-reserve",
  text: `update workspaces set used_images = used_images + $2 where id = $1`,
};

const INSERT_VERSION: Statement = {
  name: "generation-insert-version",
  text: `insert into versions (id, workspace_id, project_id, number, name, seed, preprocessing, augmentation, counted_images, created_by_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
};

export interface NewVersion {
  id: string;
  number: number;
}

/**
 * Makes version N of a project, still without images, and reserves `images` against the quota.
 * Numbers come from the project's counter, so that one is never used twice.
 * Throws `not_found`, `in_trash`, `purged`, `quota_exceeded`.
 */
export async function createVersion(
  ctx: Context,
  input: SluggedProjectRef & { name: string; seed: number; preprocessing: object; augmentation: object; images: number },
): Promise<NewVersion> {
  const { workspaceId } = authorize(ctx, "create version", input.workspaceSlug);
  const name = parseName(input.name);
  const project = await getLiveProject(workspaceId, input);
  return transaction(async (tx) => {
    const [workspace] = await tx.query<{ imageQuota: number; usedImages: number }>(LOCK_WORKSPACE, [workspaceId]);
    const [locked] = await tx.query<{ deletedAt: Date | null }>(LOCK_PROJECT, [project.id]);
    if (!locked || locked.deletedAt) throw new DomainError("in_trash", `The project "${project.name}" is in Trash. Restore it to use it.`);
    const free = workspace!.imageQuota - workspace!.usedImages;
    if (input.images > free) {
      throw new DomainError("quota_exceeded", `This version needs ${input.images} images, and ${free} of ${workspace!.imageQuota} are free. Purge something from Trash or ask for more.`, { needed: input.images, free, quota: workspace!.imageQuota });
    }
    const [drawn] = await tx.query<{ number: number }>(DRAW_NUMBER, [project.id, ctx.now]);
    await tx.query(RESERVE, [workspaceId, input.images]);
    const id = newId();
    await tx.query(INSERT_VERSION, [id, workspaceId, project.id, drawn!.number, name, input.seed, JSON.stringify(input.preprocessing), JSON.stringify(input.augmentation), input.images, personId(ctx.actor), ctx.now]);
    await recordAudit(tx, ctx, [{ workspaceId, action: "version.created", targetType: "version", targetId: id, targetName: name, details: { images: input.images } }]);
    return { id, number: drawn!.number };
  });
}

const GENERATION: Statement = {
  name: "generation-of-version",
  text: `select v.workspace_id as "workspaceId", v.project_id as "projectId", v.seed, v.preprocessing, v.augmentation
         from versions v where v.id = $1 and v.status = 'GENERATING'`,
};

/** The images that were there when the version was made, always in the same order. */
const GENERATION_IMAGES: Statement = {
  name: "generation-images",
  text: `select i.id, i.split, i.label from images i join versions v on v.project_id = i.project_id
         where v.id = $1 and i.created_at <= v.created_at order by i.id`,
};

/** What a generator works from. Settings are as createVersion was given them. */
export interface Generation {
  workspaceId: string;
  projectId: string;
  seed: number;
  preprocessing: unknown;
  augmentation: unknown;
  images: { id: string; split: Split; label: string | null }[];
}

/** The work of a version that is being generated; null when it is ready, failed or gone. */
export async function findGeneration(ctx: Context, versionId: string): Promise<Generation | null> {
  authorizeSystem(ctx);
  const [generation] = await query<Omit<Generation, "images">>(GENERATION, [versionId]);
  if (!generation) return null;
  return { ...generation, images: await query<Generation["images"][number]>(GENERATION_IMAGES, [versionId]) };
}

const RENEW_LEASE: Statement = {
  name: "writer-renew-lease",
  text: `update versions v set writers_until = greatest(v.writers_until, now() + $2 * interval '1 millisecond')
         from projects p
         where v.id = $1 and v.deleted_at is null and p.id = v.project_id and p.deleted_at is null
         returning v.id`,
};

/**
 * Takes or renews the right to write files under a version, for `leaseMs` of the database's clock.
 * False: the version is in Trash or gone, and the writer must stop and take away what it wrote. A purge waits with its
 * proof until every lease that was given is over, so ask again before publishing and once more after.
 */
export async function renewWriterLease(versionId: string, leaseMs: number): Promise<boolean> {
  return (await query(RENEW_LEASE, [versionId, leaseMs])).length > 0;
}

const COMPLETE: Statement = {
  name: "generation-complete",
  text: `update versions v set status = 'READY', progress = 1, manifest_hash = $2, files = $3, size_bytes = $4,
           train_images = $5, valid_images = $6, test_images = $7, classes = $8, writers_until = null
         from projects p
         where v.id = $1 and v.status = 'GENERATING' and v.counted_images = $5::int + $6::int + $7::int
           and p.id = v.project_id and p.deleted_at is null
         returning v.id`,
};

export interface GeneratedFacts {
  /** sha256 of manifest.json, hex. */
  manifestHash: string;
  /** Files in the blob store, the manifest included, and their bytes. */
  files: number;
  sizeBytes: number;
  trainImages: number;
  validImages: number;
  testImages: number;
  classes: Record<string, number>;
}

/**
 * Makes a version ready once all its files are published, and gives up the generator's lease, the only one there is until
 * then. False: it was cancelled meanwhile, or went to Trash.
 */
export async function completeGeneration(ctx: Context, versionId: string, facts: GeneratedFacts): Promise<boolean> {
  authorizeSystem(ctx);
  const rows = await query(COMPLETE, [versionId, facts.manifestHash, facts.files, facts.sizeBytes, facts.trainImages, facts.validImages, facts.testImages, JSON.stringify(facts.classes)]);
  return rows.length > 0;
}

const LOCK_GENERATING: Statement = {
  name: "generation-lock-generating",
  text: `select counted_images as "countedImages" from versions where id = $1 and workspace_id = $2 and status = 'GENERATING' for no key update`,
};

const FAIL: Statement = {
  name: "generation-fail",
  text: `update versions set status = 'FAILED', failure_reason = $2, counted_images = 0 where id = $1`,
};

const GIVE_BACK: Statement = {
  name: "generation-give-back",
  text: `update workspaces set used_images = used_images - $2 where id = $1`,
};

/**
 * Ends the generation of a version, if it is still going on, and gives back what it reserved: once, however often this
 * is called. Leaves workspace and version locked.
 */
export async function cancelGeneration(tx: Transaction, input: { workspaceId: string; versionId: string; reason: string }): Promise<void> {
  await tx.query(LOCK_WORKSPACE, [input.workspaceId]);
  const [version] = await tx.query<{ countedImages: number }>(LOCK_GENERATING, [input.versionId, input.workspaceId]);
  if (!version) return;
  await tx.query(FAIL, [input.versionId, input.reason]);
  await tx.query(GIVE_BACK, [input.workspaceId, version.countedImages]);
}

/** Marks a generation as failed and gives back what it reserved. Repeating does nothing. */
export async function failGeneration(ctx: Context, input: { workspaceId: string; versionId: string; reason: string }): Promise<void> {
  authorizeSystem(ctx);
  await transaction((tx) => cancelGeneration(tx, input));
}
