import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { renewGrant } from "@/lib/domain/grants";
import type { VersionRef } from "@/lib/domain/item-state";
import { beginHandIn, completeHandIn, explainLostHandIn, WEIGHTS_LEASE_MS, weightsFile } from "@/lib/domain/trainings";
import { GrantLost, openWriter } from "@/lib/domain/writer";
import { blobStore } from "@/lib/platform/blob-store";
import { tidyUp } from "@/lib/work/sweep";
import { assertSent, type SentWeights, type StoredWeights, storeAndInspect } from "./weights";

export interface HandedIn {
  modelSlug: string;
  modelType: string;
  sizeBytes: number;
  /** It can be asked here. */
  servable: boolean;
}

/**
 * Takes a model for a version that was made elsewhere: stored, looked at, then named, whole or not at all. An ONNX file that
 * we know is served, in a zip or by itself; a zip without one is kept for download, and with `anyFile` whatever else it is.
 *
 * Throws as beginHandIn and storeAndInspect.
 */
export async function handInModel(
  ctx: Context,
  ref: VersionRef,
  { modelType, anyFile = false }: { modelType?: string | undefined; anyFile?: boolean },
  sent: SentWeights,
): Promise<HandedIn> {
  assertSent(sent);
  const handIn = await beginHandIn(ctx, ref, { modelType });
  const { grant } = handIn;
  const renew = () => renewGrant(grant.id, WEIGHTS_LEASE_MS);
  let completed = false;
  try {
    const writer = await openWriter(grant, { leaseMs: WEIGHTS_LEASE_MS, renew });
    const stored = await storeAndInspect(writer, weightsFile(grant.id), sent, async () => (await renew()) !== null);
    if (stored.kind === "other" && !anyFile) throw noOnnx();
    const type = modelType ?? typeOf(stored);
    const { kind, sizeBytes, onnx } = stored;
    const fileType = kind === "other" ? null : kind;
    const model = await completeHandIn(ctx, handIn, { modelType: type, sizeBytes, onnx, fileType });
    if (!model) throw new GrantLost("The version went away while the model was stored.");
    completed = true;
    return { ...model, modelType: type, sizeBytes, servable: onnx !== null };
  } catch (error) {
    throw error instanceof GrantLost ? await explainLostHandIn(ctx, ref) : error;
  } finally {
    await tidyUp(grant);
    if (!completed)
      await blobStore()
        .removePrefix(handIn.root)
        .catch(() => {}); // an empty folder
  }
}

/** For who does not say. The official client knows a classifier by the "cls" in its type. */
const typeOf = ({ onnx }: StoredWeights): string =>
  onnx?.head.kind === "classification" ? "onnx-cls" : onnx ? "onnx" : "weights";

const NO_ONNX =
  'This is neither an ONNX file nor a zip that can be read. Export the model to ONNX: in Ultralytics, model.export(format="onnx"); in PyTorch, torch.onnx.export(model, image, "model.onnx").';
const noOnnx = (): DomainError => new DomainError("invalid_input", NO_ONNX, { field: "weights", why: NO_ONNX });
