import { versionPrefix } from "@/lib/domain/grants";
import type { GeneratedFacts } from "@/lib/domain/versions";
import {
  encodeManifest,
  FIRST_MANIFEST_PATH,
  ManifestError,
  manifestPath,
  parseManifest,
  sha256Of,
  type Manifest,
} from "@/lib/engine/manifest";
import type { VersionSettings } from "@/lib/engine/plan";
import type { ProjectType } from "@/lib/platform/generated/enums";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";

/** A version's file is not what was generated. */
export class FilesDamaged extends Error {
  override readonly name = "FilesDamaged";
}

/** A file of a version, checked. Throws FilesDamaged when it is another one, BlobNotFoundError. */
export async function readVersionFile(
  versionId: string,
  { path, sha256 }: { path: string; sha256: string },
): Promise<Buffer> {
  const bytes = await blobStore().get(`${versionPrefix(versionId)}${path}`);
  if (sha256Of(bytes) !== sha256) throw new FilesDamaged(`${path} of version ${versionId} is not what was generated.`);
  return bytes;
}

/** What a version's files are, by the hash in its row, and the size of that list. Throws FilesDamaged, BlobNotFoundError. */
export async function readManifest(
  versionId: string,
  sha256: string,
): Promise<{ manifest: Manifest; sizeBytes: number }> {
  const bytes = await readVersionFile(versionId, { path: manifestPath(sha256), sha256 }).catch((error: unknown) => {
    if (error instanceof BlobNotFoundError) return readVersionFile(versionId, { path: FIRST_MANIFEST_PATH, sha256 });
    throw error;
  });
  try {
    return { manifest: parseManifest(bytes), sizeBytes: bytes.length };
  } catch (error) {
    throw error instanceof ManifestError ? new FilesDamaged(error.message, { cause: error }) : error;
  }
}

/**
 * The manifest of a version whose other files are all published, where to put it, and what its row is to say of them. Its classes are those of
 * the images, in the order of their characters unless `order` says otherwise.
 */
export function writeManifest(
  { type, settings }: { type: ProjectType; settings: VersionSettings },
  files: readonly Manifest["files"][number][],
  order?: (used: readonly string[]) => string[],
): { path: string; bytes: Buffer; facts: GeneratedFacts } {
  const classes: Record<string, number> = {};
  const splits = { train: 0, valid: 0, test: 0 };
  let sizeBytes = 0;
  for (const file of files) {
    const names = new Set(file.boxes.map(({ label }) => label));
    if (file.label !== null) names.add(file.label);
    for (const name of names) classes[name] = (classes[name] ?? 0) + 1;
    splits[file.split] += 1;
    sizeBytes += file.sizeBytes;
  }
  const used = Object.keys(classes).sort();
  const { bytes, sha256 } = encodeManifest({
    format: 1,
    type: type === "CLASSIFICATION" ? "classification" : "object-detection",
    ...settings,
    classes: order ? order(used) : used,
    files: [...files],
  });
  return {
    path: manifestPath(sha256),
    bytes,
    facts: {
      manifestHash: sha256,
      files: files.length + 1,
      sizeBytes: sizeBytes + bytes.length,
      trainImages: splits.train,
      validImages: splits.valid,
      testImages: splits.test,
      classes,
    },
  };
}
