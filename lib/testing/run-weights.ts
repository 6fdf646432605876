import { systemContext } from "@/lib/domain/context";
import { beginWeights, keepWeights, WEIGHTS_LEASE_MS, weightsFile, type TrainingRun } from "@/lib/domain/trainings";
import { GrantLost, openWriter } from "@/lib/domain/writer";

/** Weights of so many bytes for a run that is under way, stored as its trainer does. Nothing, once the run is over. */
export async function storeRunWeights(run: TrainingRun, sizeBytes = 100): Promise<TrainingRun> {
  const ctx = await systemContext("train");
  const grant = await beginWeights(ctx, run);
  if (!grant) return run;
  const writer = await openWriter(grant, { leaseMs: WEIGHTS_LEASE_MS }).catch((error: unknown) => {
    if (error instanceof GrantLost) return null;
    throw error;
  });
  if (!writer) return run;
  await writer.put(weightsFile(grant.id), Buffer.alloc(sizeBytes, 1));
  await keepWeights(ctx, run, { id: grant.id, sizeBytes });
  await writer.close();
  return run;
}
