import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { renewGrant } from "@/lib/domain/grants";
import {
  beginWeights,
  type Epoch,
  failTraining,
  finishTraining,
  getLeaseState,
  type Heartbeat,
  heartbeatTraining,
  keepWeights,
  type TrainingLease,
  WEIGHTS_LEASE_MS,
  weightsFile,
} from "@/lib/domain/trainings";
import { GrantLost, openWriter } from "@/lib/domain/writer";
import { assertSent, type SentWeights, storeAndInspect, type StoredOnnx } from "@/lib/work/models/weights";
import { sweepLeftWeights, tidyUp } from "@/lib/work/sweep";

/*
 * What a trainer elsewhere does with the run that it leased. Each upload of its weights lies at a place of
 * its own, and the run's row names the one that counts; a run that is over leaves none.
 */

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

/** Takes away what a run left that is over without a model. Throws `not_found`. */
async function dropWeights(ctx: Context, lease: TrainingLease): Promise<void> {
  await getLeaseState(ctx, lease); // of another workspace there is nothing to take
  await sweepLeftWeights(null, lease);
}

/**
 * Stores the body as the run's weights, whole or not at all, and keeps the lease alive meanwhile; a second upload takes the
 * place of the first. An ONNX file is looked at. Throws `not_found`, `not_running`, and as storeAndInspect.
 */
export async function storeWeights(
  ctx: Context,
  lease: TrainingLease,
  sent: SentWeights,
): Promise<{ sizeBytes: number; onnx: StoredOnnx | null }> {
  const { versionId, held } = await getLeaseState(ctx, lease);
  if (!held) throw runOver();
  assertSent(sent);
  const grant = await beginWeights(ctx, { ...lease, versionId });
  if (!grant) throw runOver();
  const renew = async () =>
    (await heartbeatTraining(ctx, lease)) === "cancel" ? null : renewGrant(grant.id, WEIGHTS_LEASE_MS);
  try {
    const writer = await openWriter(grant, { leaseMs: WEIGHTS_LEASE_MS, renew });
    const stored = await storeAndInspect(writer, weightsFile(grant.id), sent, async () => (await renew()) !== null);
    if (await keepWeights(ctx, lease, { id: grant.id, ...stored })) return stored;
    throw new GrantLost("The run ended while its weights were published.");
  } catch (error) {
    throw error instanceof GrantLost ? runOver() : error;
  } finally {
    await tidyUp(grant);
    await sweepLeftWeights(null, lease);
  }
}

/**
 * Ends the run with a model of the weights that were stored. Repeating answers the same model.
 * Throws `not_found`, `invalid_request` while there are no weights, and `not_running`, whereupon none are left.
 */
export async function handIn(ctx: Context, lease: TrainingLease, metrics: object): Promise<{ modelSlug: string }> {
  const state = await getLeaseState(ctx, lease);
  if (state.modelSlug !== null) return { modelSlug: state.modelSlug };
  if (state.held && !state.hasWeights)
    throw new DomainError("invalid_request", "The run has no weights yet. Upload them first, then finish it.", {
      field: "weights",
    });
  const model = state.held ? await finishTraining(ctx, lease, { metrics }) : null;
  if (model) return model;
  await sweepLeftWeights(null, lease);
  throw runOver();
}

/** Ends the run as failed, for a reason that people read, and takes its weights away. Throws `not_found`, `not_running`. */
export async function giveUp(ctx: Context, lease: TrainingLease, reason: string): Promise<void> {
  const failed = await failTraining(ctx, lease, reason);
  await dropWeights(ctx, lease);
  if (!failed) throw runOver();
}
