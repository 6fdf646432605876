import { pipeline } from "node:stream/promises";
import { createWriteStream } from "node:fs";
import { versionPrefix } from "@/lib/domain/grants";
import { DomainError } from "@/lib/domain/errors";
import { type ServingModel, weightsPath } from "@/lib/domain/trainings";
import type { Answer, Asked } from "@/lib/engine/onnx/model";
import { openInProcess, type OnnxProcess } from "@/lib/engine/onnx/process";
import { OnnxError } from "@/lib/engine/onnx/proto";
import { blobStore } from "@/lib/platform/blob-store";
import { env } from "@/lib/platform/env";
import { createGate } from "@/lib/work/gate";
import { onnxScript } from "@/lib/work/models/onnx-script";
import { unpackOnnx } from "@/lib/work/models/unzip";
import type { StoredOnnx } from "@/lib/work/models/weights";
import { withTemporaryFile } from "@/lib/work/uploads/spool";

/*
 * ONNX models that this server has in memory: each in a process of its own, so that one which is slow, or dies, is nobody
 * else's trouble. The longest unused goes when another needs its place.
 */

/** Models in memory at once, and what their files may have together; one alone may be larger. */
const MODELS_MAX = 4;
const KEPT_BYTES_MAX = 1024 ** 3;
/** Calls that wait for one model. */
const WAITING_MAX = 16;
/** One that nobody asks gives its memory back. */
const IDLE_MS = 10 * 60_000;
/** How long a model is left alone whose process ended. */
const RESTS_MS = 10_000;

interface Kept {
  opening: Promise<OnnxProcess>;
  sizeBytes: number;
  /** Asking it, or waiting to. */
  users: number;
  turn: ReturnType<typeof createGate>;
  idle?: NodeJS.Timeout;
}

/** The longest unused first. */
const kept = new Map<string, Kept>();
const resting = new Map<string, { until: number; why: OnnxError }>();

/**
 * What a model says of an image, which is shown to it as it is. When its turn has come, `look` is asked whether it may still
 * answer. Throws what `look` throws, ImageDecodeError, BlobNotFoundError, `not_servable` with what the model did, and
 * `busy` when too many wait for it, or all places are taken by models that are at work.
 */
export async function askOnnx(
  model: ServingModel,
  image: Buffer,
  asked: Asked,
  look: () => Promise<void>,
): Promise<Answer> {
  const rest = resting.get(model.id);
  if (rest && rest.until > performance.now()) throw failed(model.slug, rest.why);
  resting.delete(model.id);
  const entry = keep(model);
  entry.users += 1;
  clearTimeout(entry.idle);
  try {
    return await entry.turn(async () => {
      const process = await entry.opening;
      await look();
      return process.ask(image, asked);
    });
  } catch (error) {
    if (!(error instanceof OnnxError)) throw error;
    throw failed(model.slug, error);
  } finally {
    entry.users -= 1;
    await settle(model.id, entry);
  }
}

const failed = (slug: string, why: OnnxError): DomainError =>
  new DomainError(
    "not_servable",
    `The model "${slug}" did not answer. ${why.message}`,
    { reason: "failed", why: why.message },
    { cause: why },
  );

function keep(model: ServingModel): Kept {
  const found = kept.get(model.id);
  if (found) {
    kept.delete(model.id);
    kept.set(model.id, found);
    return found;
  }
  makeRoom(model.sizeBytes);
  const entry: Kept = {
    opening: load(model),
    sizeBytes: model.sizeBytes,
    users: 0,
    turn: createGate(1, WAITING_MAX),
  };
  entry.opening.catch(() => undefined); // whoever asks hears of it
  kept.set(model.id, entry);
  return entry;
}

/** Ends models that nobody is asking. Throws `busy`. */
function makeRoom(sizeBytes: number): void {
  const bytes = () => [...kept.values()].reduce((sum, one) => sum + one.sizeBytes, sizeBytes);
  for (const [id, entry] of kept) {
    if (kept.size < MODELS_MAX && bytes() <= KEPT_BYTES_MAX) return;
    if (entry.users === 0) drop(id, entry);
  }
  if (kept.size >= MODELS_MAX)
    throw new DomainError(
      "busy",
      "Other models are at work and hold all the memory for models. Try again in a few seconds.",
    );
}

function drop(id: string, entry: Kept): void {
  clearTimeout(entry.idle);
  if (kept.get(id) === entry) kept.delete(id);
  entry.opening.then(
    (process) => process.end(),
    () => undefined,
  );
}

/** After a call: forgets a process that is over, and lets one that nobody asks any more end in a while. */
async function settle(id: string, entry: Kept): Promise<void> {
  const state = await entry.opening.then(
    (process) => (process.over ? new OnnxError("It was stopped a moment ago, and rests for some seconds.") : "well"),
    (error: unknown) => (error instanceof OnnxError ? error : "not loaded"),
  );
  if (kept.get(id) !== entry) return;
  if (state === "well") {
    if (entry.users === 0) entry.idle = setTimeout(() => drop(id, entry), IDLE_MS).unref();
    return;
  }
  drop(id, entry);
  if (state instanceof OnnxError) resting.set(id, { until: performance.now() + RESTS_MS, why: state });
}

/** The file is on this machine only until the model is in memory. */
async function load(model: ServingModel): Promise<OnnxProcess> {
  const { entry, ...onnx } = model.onnx as StoredOnnx; // written by storeAndInspect alone
  const stored = await blobStore().stream(`${versionPrefix(model.versionId)}${weightsPath(model)}`);
  return withTemporaryFile(async (file) => {
    await pipeline(stored, createWriteStream(file, { flags: "r+" }));
    const open = (path: string) => openInProcess(onnxScript(), { file: path, model: onnx, sizeBytes: model.sizeBytes });
    if (entry === null) return open(file);
    return withTemporaryFile(async (unpacked) => {
      const found = await unpackOnnx(file, unpacked, { bytesMax: env().weightsBytesMax, path: entry });
      if (typeof found === "string") throw new OnnxError("Its file is broken: hand it in again.");
      return open(unpacked);
    });
  });
}

/** Ends every model's process: for tests. */
export function dropModels(): void {
  for (const [id, entry] of kept) drop(id, entry);
  resting.clear();
}
