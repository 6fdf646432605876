import { prisma, query, statement, transaction } from "@/lib/platform/db";
import type { ProjectType, Split } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import type { Context } from "@/lib/domain/context";
import { LIVE_VERSION, takeLocks, workspaceLock } from "@/lib/domain/locks";
import { readSplits, type GenerationSettings, type StoredSplits } from "./generation";
import { endGeneration } from "./generation-end";
import type { FailureReason } from "@/lib/domain/generation-failure";
import type { ImageBox } from "@/lib/domain/images";
import { authorizeSystem } from "@/lib/domain/permissions";

/*
 * A worker's side of a generation. Every write is conditional on the worker's own lease and on the version and its
 * project being live; a write that hits no row means that the generation goes on without this worker, or not at all.
 * A project in Trash pauses the generation of its versions: nobody claims them, and what they reserved stays reserved.
 */

/** How long a generation outlives its worker's last heartbeat before another may take it. */
export const GENERATOR_LEASE_MS = 30_000;

/** Claims in a row that may end without one more file, before the generation is given up: something kills its workers. */
const ATTEMPTS_MAX = 3;

/** A worker's hold on a generation. Every later write names it. */
export interface GeneratorLease {
  workspaceId: string;
  versionId: string;
  leaseId: string;
}

/** What a worker works from. The settings are as createVersion was given them. */
export interface Generation extends GenerationSettings {
  lease: GeneratorLease;
  projectId: string;
  type: ProjectType;
  /** Images that it will have, as reserved. */
  images: number;
}

const FREE = `v.status = 'GENERATING' and (v.generator_until is null or v.generator_until <= now())`;

/** The database's clock. */
const LOST = statement({
  name: "generation-lost",
  text: `select v.id as "versionId", v.workspace_id as "workspaceId" from versions v where ${FREE} and v.generator_attempts >= ${ATTEMPTS_MAX} order by v.id`,
});

/** Looked at again under the lock: a retry begins with no attempt. Locks. */
const LOCK_LOST = statement({
  name: "generation-lock-lost",
  text: `select v.id from versions v where v.id = $1 and ${FREE} and v.generator_attempts >= ${ATTEMPTS_MAX} for no key update`,
});

/** Locks; the database's clock. */
const CLAIM = statement({
  name: "generation-claim",
  text: `with next as (
           select v.id, p.type from versions v join projects p on p.id = v.project_id
           where ${FREE} and v.generator_attempts < ${ATTEMPTS_MAX} and ${LIVE_VERSION} and ($3::text is null or v.id = $3)
           order by v.created_at, v.id limit 1 for no key update of v skip locked
         )
         update versions v set generator_lease_id = $1, generator_until = now() + $2 * interval '1 millisecond', generator_attempts = v.generator_attempts + 1
         from next where v.id = next.id
         returning v.id, v.workspace_id as "workspaceId", v.project_id as "projectId", next.type, v.seed, v.preprocessing, v.augmentation,
           v.split_percents as "splitPercents", v.counted_images as images`,
});

type Claimed = Omit<Generation, "lease" | "splits"> & { id: string; workspaceId: string; splitPercents: StoredSplits };

/**
 * Takes the oldest generation that nobody works on, or the one of a version, for GENERATOR_LEASE_MS. null: there is none.
 * One whose workers were lost three times without getting on is failed instead. No project is locked: if it goes to Trash
 * at this moment, the first heartbeat says so.
 */
export async function claimGeneration(ctx: Context, only: { versionId?: string } = {}): Promise<Generation | null> {
  authorizeSystem(ctx);
  for (const lost of await query<{ versionId: string; workspaceId: string }>(LOST, [])) {
    await transaction(async (tx) => {
      await takeLocks(tx, workspaceLock(lost.workspaceId));
      if ((await tx.query(LOCK_LOST, [lost.versionId])).length > 0)
        await endGeneration(tx, { ...lost, reason: "worker_lost" });
    });
  }
  const leaseId = newId();
  const [claimed] = await query<Claimed>(CLAIM, [leaseId, GENERATOR_LEASE_MS, only.versionId ?? null]);
  if (!claimed) return null;
  const { id, workspaceId, splitPercents, ...generation } = claimed;
  return { ...generation, splits: readSplits(splitPercents), lease: { workspaceId, versionId: id, leaseId } };
}

/** Keyset over what may be a hundred thousand, with their images. */
const SOURCES = statement({
  name: "generation-sources",
  text: `select s.image_id as id, s.split, s.label, s.boxes, coalesce(i.file_name, s.image_id) as "fileName", coalesce(i.content_type, '') as "contentType"
         from generation_sources s left join images i on i.id = s.image_id
         where s.version_id = $1 and s.image_id > $2 order by s.image_id limit $3`,
});

/** A source image as the version has it; an image that is gone has no content type. */
export interface GenerationSource {
  id: string;
  split: Split;
  label: string | null;
  boxes: ImageBox[];
  fileName: string;
  contentType: string;
}

/** The next sources after one's id ("" for the first), in the order of their ids. */
export async function listGenerationSources(
  ctx: Context,
  versionId: string,
  page: { after: string; limit: number },
): Promise<GenerationSource[]> {
  authorizeSystem(ctx);
  return query<GenerationSource>(SOURCES, [versionId, page.after, page.limit]);
}

const HELD = `v.id = $1 and v.generator_lease_id = $2 and v.status = 'GENERATING' and v.deleted_at is null and p.id = v.project_id and p.deleted_at is null`;

/** hot: many times a second; the database's clock. */
const HEARTBEAT = statement({
  name: "generation-heartbeat",
  text: `update versions v set generator_until = now() + $4 * interval '1 millisecond',
           writers_until = greatest(v.writers_until, now() + $4 * interval '1 millisecond'),
           progress = greatest(v.progress, $3::float8), generator_attempts = case when $3::float8 > v.progress then 0 else v.generator_attempts end
         from projects p where ${HELD} returning v.id`,
});

/**
 * Reports which share of its files is published, 0 to 1, and renews the lease, which is also the right to write files
 * under the version. What was published stays, so progress never falls, and only what rises above the highest counts as
 * getting on.
 * False: cancelled, taken over, or its version or project is in Trash. Stop at once, publish nothing.
 */
export async function heartbeatGeneration(ctx: Context, lease: GeneratorLease, progress: number): Promise<boolean> {
  authorizeSystem(ctx);
  return (await query(HEARTBEAT, [lease.versionId, lease.leaseId, progress, GENERATOR_LEASE_MS])).length > 0;
}

/** The fence, in one conditional statement. */
const RELEASE = statement({
  name: "generation-release",
  text: `update versions set generator_lease_id = null, generator_until = null, generator_attempts = greatest(generator_attempts - 1, 0)
         where id = $1 and generator_lease_id = $2 returning id`,
});

/** Gives up a lease before its time, and wakes others to take it at once. That was no lost attempt. */
export async function releaseGeneration(ctx: Context, lease: GeneratorLease): Promise<void> {
  authorizeSystem(ctx);
  await transaction(async (tx) => {
    if ((await tx.query(RELEASE, [lease.versionId, lease.leaseId])).length > 0) await enqueue(tx, "generate-versions");
  });
}

/** The fence, in one conditional statement. */
const COMPLETE = statement({
  name: "generation-complete",
  text: `update versions v set status = 'READY', progress = 1, manifest_hash = $3, files = $4, size_bytes = $5,
           train_images = $6, valid_images = $7, test_images = $8, classes = $9, writers_until = null, generator_lease_id = null, generator_until = null
         from projects p where ${HELD} returning v.id`,
});

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
 * Makes a version ready once all its files are published. False: as a heartbeat. Its images must be as many as were
 * reserved (a CHECK). No right to write files is left: this was the only one that was not over.
 * Its sources stay as the sign that what earlier attempts left is still to be removed: forgetGenerationSources.
 */
export async function completeGeneration(ctx: Context, lease: GeneratorLease, facts: GeneratedFacts): Promise<boolean> {
  authorizeSystem(ctx);
  const values = [
    facts.manifestHash,
    facts.files,
    facts.sizeBytes,
    facts.trainImages,
    facts.validImages,
    facts.testImages,
    facts.classes,
  ];
  return (await query(COMPLETE, [lease.versionId, lease.leaseId, ...values])).length > 0;
}

/** Marks the generation that the lease is for as failed and gives back what it reserved. Repeating does nothing. */
export async function failGeneration(
  ctx: Context,
  lease: GeneratorLease,
  failure: { reason: FailureReason; detail?: string | null },
): Promise<void> {
  authorizeSystem(ctx);
  await transaction((tx) => endGeneration(tx, { ...lease, ...failure }));
}

/** Versions that became ready, and under whose prefix files may lie that are not theirs. */
export async function listUntidyVersions(ctx: Context): Promise<string[]> {
  authorizeSystem(ctx);
  const versions = await prisma().version.findMany({
    where: { status: "READY", generationSources: { some: {} } },
    orderBy: { id: "asc" },
    select: { id: true },
  });
  return versions.map(({ id }) => id);
}

/** What a ready version was planned from is of no more use once its prefix is tidy. */
export async function forgetGenerationSources(ctx: Context, versionId: string): Promise<void> {
  authorizeSystem(ctx);
  await prisma().generationSource.deleteMany({ where: { versionId } });
}
