import { versionPrefix } from "@/lib/domain/grants";
import {
  FIRST_MANIFEST_PATH,
  ManifestError,
  manifestPath,
  parseManifest,
  sha256Of,
  type Manifest,
} from "@/lib/engine/manifest";
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
