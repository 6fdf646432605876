import { Readable } from "node:stream";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import {
  type Epoch,
  failTraining,
  finishTraining,
  getLeaseState,
  type Heartbeat,
  heartbeatTraining,
  type TrainingLease,
  weightsPath,
} from "@/lib/domain/trainings";
import {
  openVersionWriter,
  renewWriterLease,
  versionPrefix,
  WRITER_LEASE_MS,
  WriterLeaseLost,
} from "@/lib/domain/versions";
import { blobStore } from "@/lib/platform/blob-store";
import { env } from "@/lib/platform/env";
import { readChunks } from "@/lib/work/chunks";
import { createGate } from "@/lib/work/gate";
import { tooLarge } from "@/lib/work/uploads/spool";

/*
 * What a trainer elsewhere does with the run that it leased. Its weights lie at the lease's own path and are nobody's until
 * finishTraining names them; a run that is over leaves none.
 */

/** An object store buffers some megabytes of each. */
const storing = createGate(8, 0);

const weightsKey = (lease: TrainingLease, { versionId }: { versionId: string }): string =>
  `${versionPrefix(versionId)}${weightsPath({ trainingId: lease.trainingId, id: lease.leaseId })}`;

const runOver = (): DomainError =>
  new DomainError(
    "not_running",
    "This run is over for you: it was cancelled, its version or project went to Trash, or another trainer has it. Stop, and lease the next one.",
  );

/** As heartbeatTraining; a run that is over takes its weights along. Throws `not_found`. */
export async function reportEpochs(ctx: Context, lease: TrainingLease, epochs: readonly Epoch[]): Promise<Heartbeat> {
  const answer = await heartbeatTraining(ctx, lease, epochs);
  if (answer === "cancel") await dropWeights(ctx, lease);
  return answer;
}

/** Takes away what a run left that is over without a model. */
async function dropWeights(ctx: Context, lease: TrainingLease): Promise<void> {
  const state = await getLeaseState(ctx, lease);
  if (!state.held && state.modelSlug === null) await blobStore().remove([weightsKey(lease, state)]);
}

/** A file of weights that is being sent. */
export interface SentWeights {
  body: ReadableStream<Uint8Array> | null;
  /** What the sender says that it has; 0 when it does not say. */
  announcedBytes: number;
}

/**
 * Stores the body as the run's weights, whole or not at all, and keeps the lease alive meanwhile; a second upload takes the
 * place of the first. Never holds more than a chunk. Throws `not_found`, `not_running`, `payload_too_large` beyond
 * MAX_WEIGHTS_MB, `invalid_request`, and `busy` when too many are under way.
 */
export async function storeWeights(
  ctx: Context,
  lease: TrainingLease,
  { body, announcedBytes }: SentWeights,
): Promise<{ sizeBytes: number }> {
  const { versionId, held } = await getLeaseState(ctx, lease);
  if (!held) throw runOver();
  const bytesMax = env().weightsBytesMax;
  if (announcedBytes > bytesMax) throw tooLarge(bytesMax, "weights");
  if (!body) throw noWeights();
  const renew = async () =>
    (await heartbeatTraining(ctx, lease)) !== "cancel" && (await renewWriterLease(versionId, WRITER_LEASE_MS));
  try {
    return await storing(async () => {
      const writer = await openVersionWriter(versionId, { renew });
      const stored = await writer.put(
        weightsPath({ trainingId: lease.trainingId, id: lease.leaseId }),
        Readable.from(bounded(readChunks(body), bytesMax), { objectMode: false }),
      );
      if (!(await getLeaseState(ctx, lease)).held)
        throw new WriterLeaseLost("The run ended while its weights were published.");
      return stored;
    });
  } catch (error) {
    if (!(error instanceof WriterLeaseLost)) throw error;
    await dropWeights(ctx, lease);
    throw runOver();
  }
}

/** At least one byte, and no more than `bytesMax`. */
async function* bounded(bytes: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of bytes) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > bytesMax) throw tooLarge(bytesMax, "weights");
    yield chunk;
  }
  if (sizeBytes === 0) throw noWeights();
}

const noWeights = (): DomainError =>
  new DomainError("invalid_request", "There are no weights. Send the file as the body.", { field: "weights" });

/**
 * Ends the run with a model of the weights that were stored. Repeating answers the same model.
 * Throws `not_found`, `invalid_request` while there are no weights, and `not_running`, whereupon none are left.
 */
export async function handIn(ctx: Context, lease: TrainingLease, metrics: object): Promise<{ modelSlug: string }> {
  const state = await getLeaseState(ctx, lease);
  if (state.modelSlug !== null) return { modelSlug: state.modelSlug };
  if (state.held) {
    const sizeBytes = await sizeOf(weightsKey(lease, state));
    if (sizeBytes === null)
      throw new DomainError("invalid_request", "The run has no weights yet. Upload them first, then finish it.", {
        field: "weights",
      });
    const model = await finishTraining(ctx, lease, { metrics, sizeBytes });
    if (model) return model;
  }
  await dropWeights(ctx, lease);
  throw runOver();
}

async function sizeOf(key: string): Promise<number | null> {
  for await (const file of blobStore().list(key.slice(0, key.lastIndexOf("/") + 1)))
    if (file.key === key) return file.sizeBytes;
  return null;
}

/** Ends the run as failed, for a reason that people read, and takes its weights away. Throws `not_found`, `not_running`. */
export async function giveUp(ctx: Context, lease: TrainingLease, reason: string): Promise<void> {
  const failed = await failTraining(ctx, lease, reason);
  await dropWeights(ctx, lease);
  if (!failed) throw runOver();
}
