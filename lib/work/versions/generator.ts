import type { Context } from "@/lib/domain/context";
import type { FailureReason } from "@/lib/domain/generation-failure";
import {
  claimGeneration,
  completeGeneration,
  failGeneration,
  findGenerationChunk,
  type Generation,
  type GenerationSource,
  GENERATOR_LEASE_MS,
  heartbeatGeneration,
  keepGenerationChunk,
  listGenerationSources,
  releaseGeneration,
} from "@/lib/domain/versions";
import { GrantLost, openWriter, type Writer } from "@/lib/domain/writer";
import { sourceImageKey } from "@/lib/domain/images";
import { ImageDecodeError, renderOutputs, RENDERS_IN_FLIGHT } from "@/lib/engine/generate";
import { type ManifestFile, sha256Of } from "@/lib/engine/manifest";
import { countOutputs, planOutputs, type VersionSettings } from "@/lib/engine/plan";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";
import { newId } from "@/lib/platform/id";
import { log } from "@/lib/platform/log";
import { isBusy } from "@/lib/domain/errors";
import { NAME_OF_SPLIT } from "@/lib/domain/splits";
import { createGate } from "@/lib/work/gate";
import { keepAlive } from "@/lib/work/keep-alive";
import { tidyUp } from "@/lib/work/sweep";
import { writeManifest } from "./manifest";
import { parseStoredSettings } from "./plan";

/*
 * Making a version's files. Sources are worked off in chunks, several renders at once. An attempt at a chunk publishes to
 * a folder of its own; when all of it is there, a row names the attempt and keeps its entries of the manifest. Whoever
 * carries on after a killed worker takes over the chunks that have such a row. The manifest names every file that counts,
 * and is stored under its own hash. So it does no harm when a worker that lost its lease publishes one more file: nothing
 * names it. What nothing names is removed when the version is ready, and final, or by the sweep of a lost worker's grant.
 */

/** Often enough that a worker is gone well within 2 s of a trash. */
const HEARTBEAT_MS = 500;

/** A chunk ends at the first of these: what a killed worker has made for nothing, at most. */
const CHUNK_SOURCES = 64;
const CHUNK_OUTPUTS = 256;
/** While the last image of one is rendered, the next one has begun. */
const CHUNKS_AT_ONCE = 2;

/** How the work on a generation ended: `lost` when it was cancelled, taken over, or paused by a trash. */
export type GenerationEnd = "ready" | "failed" | "interrupted" | "lost";

/** Why a generation cannot succeed. */
class GenerationFailure extends Error {
  override readonly name = "GenerationFailure";
  constructor(
    readonly reason: FailureReason,
    readonly detail: string | null,
    options: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/** Told to stop, or no longer the one to do it. */
class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Where an attempt's images lie, relative to the version. */
const attemptFolder = (attemptId: string): string => `images/${attemptId}/`;

/**
 * Works off the generations that wait, oldest first, one after another, until none is left or `signal` aborts; then the
 * one at hand is left to others at once. Finishes the tidying that a killed worker left, too.
 */
export async function generateVersions(ctx: Context, signal: AbortSignal): Promise<Record<GenerationEnd, number>> {
  const counts = { ready: 0, failed: 0, interrupted: 0, lost: 0 };
  while (!signal.aborted) {
    const generation = await claimGeneration(ctx);
    if (!generation) break;
    counts[await work(ctx, generation, signal)] += 1;
  }
  return counts;
}

/** Makes one version now, in this process. null: it does not wait for anybody. */
export async function generateVersionNow(
  ctx: Context,
  versionId: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<GenerationEnd | null> {
  const generation = await claimGeneration(ctx, { versionId });
  return generation && work(ctx, generation, signal);
}

async function work(ctx: Context, generation: Generation, signal: AbortSignal): Promise<GenerationEnd> {
  const { lease, grant } = generation;
  const published = { files: 0 };
  // The manifest is one of the files: the last one, so that progress is below 1 until the version is ready.
  const renew = () => heartbeatGeneration(ctx, lease, Math.min(published.files / (generation.images + 1), 1));
  const beat = async () => {
    const term = await renew();
    if (term) Object.assign(grant, term);
    return term !== null;
  };
  const pulse = keepAlive(beat, { everyMs: HEARTBEAT_MS, leaseMs: GENERATOR_LEASE_MS });
  const stop = AbortSignal.any([signal, pulse.lost]);
  try {
    const writer = await openWriter(grant, { leaseMs: GENERATOR_LEASE_MS, renew });
    const settings = parseStoredSettings(generation);
    const files = await makeFiles(ctx, generation, settings, writer, published, stop);
    if (!(await complete(ctx, generation, settings, writer, files))) throw new Interrupted();
    await pulse.stop();
    await tidyUp(grant);
    return "ready";
  } catch (error) {
    await pulse.stop();
    if (error instanceof Interrupted || error instanceof GrantLost) {
      await releaseGeneration(ctx, lease);
      await tidyUp(grant);
      return signal.aborted && !pulse.lost.aborted ? "interrupted" : "lost";
    }
    if (isBusy(error)) throw error; // something is away for now; the lease runs out, and somebody carries on
    const { reason, detail } =
      error instanceof GenerationFailure ? error : { reason: "internal" as const, detail: null };
    log().error({ err: error, versionId: lease.versionId, reason, requestId: ctx.requestId }, "generation failed");
    await failGeneration(ctx, lease, { reason, detail });
    await tidyUp(grant);
    return "failed";
  }
}

// ── The files ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Publishes what is not there yet; answers the manifest's entry of every image, in any order. */
async function makeFiles(
  ctx: Context,
  generation: Generation,
  settings: VersionSettings,
  writer: Writer,
  published: { files: number },
  stop: AbortSignal,
): Promise<ManifestFile[]> {
  const { lease } = generation;
  const { versionId } = lease;
  const chunks = listChunks(ctx, versionId, settings);
  const rendering = createGate(RENDERS_IN_FLIGHT);
  const failed = new AbortController();
  const halt = AbortSignal.any([stop, failed.signal]);
  const files: ManifestFile[] = [];

  async function render(source: GenerationSource, folder: string): Promise<ManifestFile[]> {
    const entries: ManifestFile[] = [];
    let publishing: Promise<unknown> = Promise.resolve(); // one file, while the next is rendered
    halt.throwIfAborted();
    try {
      for await (const { entry, bytes } of renderSource(generation.projectId, source, settings, folder)) {
        await publishing;
        halt.throwIfAborted();
        publishing = publish(writer, entry.path, bytes).then(() => (published.files += 1));
        publishing.catch(() => {}); // comes with the next await
        entries.push(entry);
      }
    } finally {
      await publishing;
    }
    return entries;
  }

  async function makeChunk(sources: readonly GenerationSource[]): Promise<readonly ManifestFile[]> {
    const key = sha256Of(JSON.stringify([settings, sources]));
    const made = await findGenerationChunk<ManifestFile>(ctx, versionId, key);
    if (made) {
      published.files += made.entries.length;
      return made.entries; // checked with the manifest that they become a part of
    }
    const attemptId = newId();
    const rendered = sources.map((source) => rendering(() => render(source, attemptFolder(attemptId))));
    for (const result of rendered) result.catch((error: unknown) => failed.abort(error)); // nobody begins another one
    const settled = await Promise.allSettled(rendered);
    halt.throwIfAborted();
    const entries = settled.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
    const sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
    if (!(await keepGenerationChunk(ctx, lease, { key, attemptId, entries, sizeBytes }))) throw new Interrupted();
    return entries;
  }

  async function runner(): Promise<void> {
    for await (const sources of chunks) {
      halt.throwIfAborted();
      for (const entry of await makeChunk(sources)) files.push(entry);
    }
  }
  await Promise.allSettled(
    Array.from({ length: CHUNKS_AT_ONCE }, () => runner().catch((error: unknown) => failed.abort(error))),
  );
  if (stop.aborted) throw new Interrupted();
  failed.signal.throwIfAborted();
  return files;
}

async function* listChunks(
  ctx: Context,
  versionId: string,
  settings: VersionSettings,
): AsyncGenerator<GenerationSource[]> {
  const outputsOfOne = countOutputs({ train: 1, valid: 0, test: 0 }, settings).train;
  const limit = Math.max(1, Math.min(CHUNK_SOURCES, Math.floor(CHUNK_OUTPUTS / outputsOfOne)));
  for (let after = ""; ;) {
    const sources = await listGenerationSources(ctx, versionId, { after, limit });
    const last = sources.at(-1);
    if (!last) return;
    after = last.id;
    yield sources;
  }
}

async function* renderSource(
  projectId: string,
  source: GenerationSource,
  settings: VersionSettings,
  folder: string,
): AsyncGenerator<{ entry: ManifestFile; bytes: Buffer }> {
  const { id, label, boxes, fileName, contentType } = source;
  const split = NAME_OF_SPLIT[source.split];
  try {
    const original = await storing(() => blobStore().get(sourceImageKey(projectId, id)));
    const outputs = planOutputs({ id, split, contentType }, settings);
    for await (const { output, bytes, width, height, boxes: placed } of renderOutputs(
      original,
      { id, boxes },
      outputs,
      settings,
    )) {
      const facts = { sha256: sha256Of(bytes), sizeBytes: bytes.length, width, height, label, boxes: placed };
      yield {
        entry: {
          path: `${folder}${output.path}`,
          name: fileName,
          ...facts,
          split,
          sourceImageId: id,
          output: output.output,
        },
        bytes,
      };
    }
  } catch (error) {
    if (error instanceof ImageDecodeError || error instanceof BlobNotFoundError)
      throw new GenerationFailure("unreadable_image", fileName, { cause: error });
    throw error;
  }
}

const publish = (writer: Writer, path: string, bytes: Uint8Array) => storing(() => writer.put(path, bytes));

/** Tells a failure of the store from others. What is missing, and what the database says, is not one. */
async function storing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof GrantLost || error instanceof BlobNotFoundError || isBusy(error)) throw error;
    const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
    throw new GenerationFailure("storage", code, { cause: error });
  }
}

/** Publishes the manifest, and makes the version ready. False: it is not this worker's any more. */
async function complete(
  ctx: Context,
  generation: Generation,
  settings: VersionSettings,
  writer: Writer,
  files: readonly ManifestFile[],
): Promise<boolean> {
  const { path, bytes, facts } = writeManifest({ type: generation.type, settings }, files);
  await publish(writer, path, bytes);
  return completeGeneration(ctx, generation.lease, facts);
}
