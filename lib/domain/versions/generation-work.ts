import type { WriteGrant } from "@/lib/platform/blob-store";
import { prisma, query, statement, transaction, type Statement } from "@/lib/platform/db";
import type { ProjectType, Split } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import type { Context } from "@/lib/domain/context";
import { EVERY_IMAGE, LIVE_VERSION, takeLocks, versionLock, workspaceLock } from "@/lib/domain/locks";
import { readSplits, type GenerationSettings, type StoredSplits } from "./generation";
import { giveUpGeneration } from "./generation-end";
import type { FailureReason } from "@/lib/domain/generation-failure";
import { holdGrant, toGrant, type Term } from "@/lib/domain/grants";
import type { ImageBox } from "@/lib/domain/images";
import { authorizeSystem } from "@/lib/domain/permissions";

/*
 * A worker's side of a generation. Every write is conditional on the worker's own lease and on the version and its
 * project being live; a write that hits no row means that the generation goes on without this worker, or not at all.
 * A project in Trash pauses the generation of its versions: nobody claims them, and what they reserved stays reserved.
 * The lease's id is also that of its grant, which outlives the lease when that is cancelled or taken over.
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
  /** To write files of the version. */
  grant: WriteGrant;
  projectId: string;
  type: ProjectType;
  /** Images that it will have, as reserved. */
  images: number;
}

/** What is imported is worked off by its task. */
const FREE = `v.status = 'GENERATING' and v.origin is null and (v.generator_until is null or v.generator_until <= now())`;

/** The database's clock. */
const LOST = statement({
  name: "generation-lost",
  text: `
select v.id as "versionId", v.workspace_id as "workspaceId" from versions v
where ${FREE} and v.generator_attempts >= ${ATTEMPTS_MAX} order by v.id`,
});

/** Looked at again under the lock: a retry begins with no attempt. Locks. */
const LOCK_LOST = statement({
  name: "generation-lock-lost",
  text: `select v.id from versions v where v.id = $1 and ${FREE} and v.generator_attempts >= ${ATTEMPTS_MAX} for no key update`,
});

/** Locks; the database's clock. The grant is taken under the version's lock. */
const CLAIM = statement({
  name: "generation-claim",
  text: `
with next as (
  select v.id, p.type from versions v join projects p on p.id = v.project_id
  where ${FREE} and v.generator_attempts < ${ATTEMPTS_MAX} and ${LIVE_VERSION} and ($3::text is null or v.id = $3)
  order by v.created_at, v.id limit 1 for no key update of v skip locked
), claimed as (
  update versions v set generator_lease_id = $1, generator_until = now() + $2 * interval '1 millisecond', generator_attempts = v.generator_attempts + 1
  from next where v.id = next.id
  returning v.id, v.workspace_id, v.project_id, next.type, v.seed, v.preprocessing, v.augmentation, v.split_percents, v.counted_images
), granted as (
  insert into grants (id, holder, workspace_id, project_id, version_id, until)
  select $1, 'GENERATION', workspace_id, project_id, id, now() + $2 * interval '1 millisecond' from claimed
  returning until
)
select id, workspace_id as "workspaceId", project_id as "projectId", type, seed, preprocessing, augmentation,
  split_percents as "splitPercents", counted_images as images, now() as from, until
from claimed, granted`,
});

type Claimed = Omit<Generation, "lease" | "grant" | "splits"> &
  Term & { id: string; workspaceId: string; splitPercents: StoredSplits };

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
        await giveUpGeneration(tx, ctx, { ...lost, reason: "worker_lost" });
    });
  }
  const leaseId = newId();
  const [claimed] = await query<Claimed>(CLAIM, [leaseId, GENERATOR_LEASE_MS, only.versionId ?? null]);
  if (!claimed) return null;
  const { id, workspaceId, splitPercents, from, until, ...generation } = claimed;
  const item = { workspaceId, projectId: generation.projectId, versionId: id };
  return {
    ...generation,
    splits: readSplits(splitPercents),
    lease: { workspaceId, versionId: id, leaseId },
    grant: toGrant(leaseId, "GENERATION", item, { from, until }),
  };
}

/** Keyset over what may be a hundred thousand, with their images. */
const SOURCES = statement({
  name: "generation-sources",
  text: `
select s.image_id as id, s.split, s.label, s.boxes, coalesce(i.file_name, s.image_id) as "fileName", coalesce(i.content_type, '') as "contentType"
from generation_sources s left join images i on i.id = s.image_id and ${EVERY_IMAGE}
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

/** Of a version `v` of a project `p`, in SQL: it is being made under the lease $2. */
export const HELD = `v.id = $1 and v.generator_lease_id = $2 and v.status = 'GENERATING' and p.id = v.project_id and ${LIVE_VERSION}`;

/** hot: many times a second; the database's clock. */
const HEARTBEAT = statement({
  name: "generation-heartbeat",
  text: `
with held as (
  update versions v set generator_until = now() + $4 * interval '1 millisecond',
    progress = greatest(v.progress, $3::float8), generator_attempts = case when $3::float8 > v.progress then 0 else v.generator_attempts end
  from projects p where ${HELD} returning v.id
)
update grants g set until = greatest(g.until, now() + $4 * interval '1 millisecond')
from held where g.id = $2 and g.ended_at is null returning now() as from, g.until`,
});

/**
 * Reports which share of its files is published, 0 to 1, and renews the lease and the grant that belongs to it. What was
 * published stays, so progress never falls, and only what rises above the highest counts as getting on.
 * null: cancelled, taken over, or its version or project is in Trash. Stop at once, publish nothing.
 */
export async function heartbeatGeneration(ctx: Context, lease: GeneratorLease, progress: number): Promise<Term | null> {
  authorizeSystem(ctx);
  const [term] = await query<Term>(HEARTBEAT, [lease.versionId, lease.leaseId, progress, GENERATOR_LEASE_MS]);
  return term ?? null;
}

// ── Chunks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A chunk that is made: its files lie at a place of its attempt. What they are to say in the manifest is the caller's. */
export interface GenerationChunk<Entry = unknown> {
  /** Named after what it is made from, 64 hex digits. */
  key: string;
  attemptId: string;
  entries: readonly Entry[];
  /** How many files lie there, where that is not one for each entry. */
  files?: number;
  sizeBytes: number;
}

/** The attempt at a chunk that counts; null: it is still to be made. */
export async function findGenerationChunk<Entry>(
  ctx: Context,
  versionId: string,
  key: string,
): Promise<GenerationChunk<Entry> | null> {
  authorizeSystem(ctx);
  const chunk = await prisma().generationChunk.findUnique({ where: { versionId_key: { versionId, key } } });
  if (!chunk) return null;
  return {
    key,
    attemptId: chunk.attemptId,
    entries: chunk.entries as unknown as Entry[],
    sizeBytes: Number(chunk.sizeBytes),
  };
}

/** The fence, in one conditional statement. */
const KEEP_CHUNK = statement({
  name: "generation-keep-chunk",
  text: `
insert into generation_chunks (version_id, key, attempt_id, entries, files, size_bytes)
select v.id, $3, $4, $5::jsonb, $6, $7 from versions v, projects p where ${HELD}
on conflict do nothing returning key`,
});

/** Makes an attempt at a chunk, whose files are all published, the one that counts. False: as a heartbeat. */
export async function keepGenerationChunk(
  ctx: Context,
  lease: GeneratorLease,
  { key, attemptId, entries, files = entries.length, sizeBytes }: GenerationChunk,
): Promise<boolean> {
  authorizeSystem(ctx);
  return writeHeld(lease, KEEP_CHUNK, [key, attemptId, JSON.stringify(entries), files, sizeBytes]);
}

/** Writes what names files, unless they are rubbish by now: under the locks of the version and, after it, of the grant. */
async function writeHeld({ versionId, leaseId }: GeneratorLease, step: Statement, values: unknown[]): Promise<boolean> {
  return transaction(async (tx) => {
    await takeLocks(tx, versionLock(versionId, "write"));
    return (await holdGrant(tx, leaseId)) && (await tx.query(step, [versionId, leaseId, ...values])).length > 0;
  });
}

// ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The fence, in one conditional statement. */
const RELEASE = statement({
  name: "generation-release",
  text: `
update versions set generator_lease_id = null, generator_until = null, generator_attempts = greatest(generator_attempts - 1, 0)
where id = $1 and generator_lease_id = $2 returning id`,
});

/** Gives up a lease before its time, and wakes others to take it at once. That was no lost attempt. */
export async function releaseGeneration(ctx: Context, lease: GeneratorLease): Promise<void> {
  authorizeSystem(ctx);
  await transaction(async (tx) => {
    if ((await tx.query(RELEASE, [lease.versionId, lease.leaseId])).length > 0) await enqueue(tx, "generate-versions");
  });
}

/** The fence, in one conditional statement; what it was planned from and made in goes with it. */
const COMPLETE = statement({
  name: "generation-complete",
  text: `
with ready as (
  update versions v set status = 'READY', progress = 1, manifest_hash = $3, files = $4, size_bytes = $5,
    train_images = $6, valid_images = $7, test_images = $8, classes = $9, generator_lease_id = null, generator_until = null
  from projects p where ${HELD} returning v.id
), no_sources as (
  delete from generation_sources where version_id in (select id from ready)
), no_chunks as (
  delete from generation_chunks where version_id in (select id from ready)
)
select id from ready`,
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
 * Makes a version ready once all its files are published; its manifest, which names them, is the one of that hash. False:
 * as a heartbeat. Its images must be as many as were reserved (a CHECK).
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
  return writeHeld(lease, COMPLETE, values);
}

/** Marks the generation that the lease is for as failed and gives back what it reserved. Repeating does nothing. */
export async function failGeneration(
  ctx: Context,
  lease: GeneratorLease,
  failure: { reason: FailureReason; detail?: string | null },
): Promise<void> {
  authorizeSystem(ctx);
  await transaction((tx) => giveUpGeneration(tx, ctx, { ...lease, ...failure }));
}

/** What the rows of a version name of its images, manifest and what they are made in. */
export interface NamedFiles {
  /** null until it is ready. */
  manifestHash: string | null;
  /** Attempts at chunks that count. */
  attemptIds: ReadonlySet<string>;
}

/** For a sweep. null: there is no such version. */
export async function findNamedFiles(versionId: string): Promise<NamedFiles | null> {
  const version = await prisma().version.findUnique({
    where: { id: versionId },
    select: { status: true, manifestHash: true, generationChunks: { select: { attemptId: true } } },
  });
  if (!version) return null;
  return {
    manifestHash: version.status === "READY" ? version.manifestHash : null,
    attemptIds: new Set(version.generationChunks.map(({ attemptId }) => attemptId)),
  };
}
