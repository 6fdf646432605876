import { createHash } from "node:crypto";
import type { Context } from "@/lib/domain/context";
import { completeGeneration, failGeneration, findGeneration } from "@/lib/domain/generation";
import { sourceImageKey } from "@/lib/domain/images";
import { getVersionFiles } from "@/lib/domain/versions";
import type { VersionRef } from "@/lib/domain/item-state";
import { openVersionWriter, versionPrefix, WriterLeaseLost } from "@/lib/domain/version-writer";
import { renderImage } from "@/lib/engine/generate";
import { encodeManifest, MANIFEST_PATH, parseManifest, type ManifestFile } from "@/lib/engine/manifest";
import { planOutputs } from "@/lib/engine/plan";
import { derive } from "@/lib/engine/random";
import { augmentationSchema, preprocessingSchema } from "@/lib/engine/settings";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";

/*
 * Where rules, image engine and blob store meet: making a version's files, and proving that they are what was made.
 */

const CONCURRENCY = 2;

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/**
 * Renders a version's images and publishes them, the manifest last; then the version is ready. Deterministic: the same
 * images, settings and seed give the same bytes. Answers false when the version went to Trash meanwhile; an error marks
 * the generation as failed, gives its quota back, and is thrown. Either way nothing of it stays in the store.
 */
export async function generateVersionFiles(ctx: Context, versionId: string): Promise<boolean> {
  const generation = await findGeneration(ctx, versionId);
  if (!generation) return false;
  const { workspaceId, projectId, seed, images } = generation;
  const store = blobStore();
  try {
    const preprocessing = preprocessingSchema.parse(generation.preprocessing);
    const augmentation = augmentationSchema.parse(generation.augmentation);
    const writer = await openVersionWriter(versionId);
    const labels = new Map(images.map((image) => [image.id, image.label]));
    const sources = images.map((image) => ({ id: image.id, split: image.split.toLowerCase() as ManifestFile["split"] }));
    const outputs = planOutputs(sources, { augmentation });
    const files: ManifestFile[] = [];
    async function work(): Promise<void> {
      try {
        for (const { sourceImageId, split, output, path, augmented } of outputs) {
          const source = await store.get(sourceImageKey(projectId, sourceImageId));
          const rendered = await renderImage(source, { preprocessing, augmentation: augmented ? augmentation : null, random: derive(seed, sourceImageId, output) });
          await writer.put(path, rendered.bytes);
          files.push({ path, sha256: sha256(rendered.bytes), sizeBytes: rendered.bytes.length, width: rendered.width, height: rendered.height, split, label: labels.get(sourceImageId) ?? null, sourceImageId, output });
        }
      } finally {
        outputs.return(); // after an error nobody takes another one
      }
    }
    const settled = await Promise.allSettled(Array.from({ length: CONCURRENCY }, work));
    const failure = settled.find((result) => result.status === "rejected");
    if (failure) throw failure.reason;

    const classes: Record<string, number> = {};
    for (const { label } of files) if (label !== null) classes[label] = (classes[label] ?? 0) + 1;
    const manifest = encodeManifest({ format: 1, seed, preprocessing, augmentation, classes: Object.keys(classes).sort(), files });
    await writer.put(MANIFEST_PATH, manifest.bytes);
    const count = (split: ManifestFile["split"]) => files.filter((file) => file.split === split).length;
    const completed = await completeGeneration(ctx, versionId, {
      manifestHash: manifest.sha256,
      files: files.length + 1,
      sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, manifest.bytes.length),
      trainImages: count("train"),
      validImages: count("valid"),
      testImages: count("test"),
      classes,
    });
    if (!completed) throw new WriterLeaseLost(`The version ${versionId} is not being generated any more.`);
    return true;
  } catch (error) {
    const reason = error instanceof WriterLeaseLost ? "moved to Trash" : error instanceof Error ? error.message : String(error);
    await failGeneration(ctx, { workspaceId, versionId, reason });
    await store.removePrefix(versionPrefix(versionId));
    if (error instanceof WriterLeaseLost) return false;
    throw error;
  }
}

export interface Verification {
  /** sha256 of the manifest as it lies in the store; null when there is none. */
  manifestHash: string | null;
  /** Files that the manifest lists. */
  files: number;
  ok: boolean;
  /** What is wrong, a sentence each; at most 20. */
  problems: string[];
}

/**
 * Reads every file of a version, live or in Trash, and compares it with the manifest, and the manifest with the
 * version's row. Throws `not_found`, `purged`, `not_ready`.
 */
export async function verifyVersionFiles(ctx: Context, ref: VersionRef): Promise<Verification> {
  const expected = await getVersionFiles(ctx, ref);
  const store = blobStore();
  const prefix = versionPrefix(expected.versionId);
  const problems: string[] = [];
  const note = (problem: string) => void (problems.length < 20 && problems.push(problem));
  const read = async (path: string) => {
    try {
      return await store.get(`${prefix}${path}`);
    } catch (error) {
      if (error instanceof BlobNotFoundError) return null;
      throw error;
    }
  };

  const manifestBytes = await read(MANIFEST_PATH);
  if (!manifestBytes) return { manifestHash: null, files: 0, ok: false, problems: [`${MANIFEST_PATH} is missing.`] };
  const manifestHash = sha256(manifestBytes);
  if (manifestHash !== expected.manifestHash) {
    return { manifestHash, files: 0, ok: false, problems: [`${MANIFEST_PATH} is not the one that was written: its sha256 should be ${expected.manifestHash}.`] };
  }
  const { files } = parseManifest(manifestBytes);
  for (const file of files) {
    const bytes = await read(file.path);
    if (!bytes) note(`${file.path} is missing.`);
    else if (sha256(bytes) !== file.sha256) note(`${file.path} was changed: its sha256 should be ${file.sha256}.`);
  }
  return { manifestHash, files: files.length, ok: problems.length === 0, problems };
}
