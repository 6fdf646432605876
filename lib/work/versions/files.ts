import type { Context } from "@/lib/domain/context";
import type { VersionRef } from "@/lib/domain/item-state";
import { versionPrefix } from "@/lib/domain/grants";
import { getVersionFiles } from "@/lib/domain/versions";
import { FIRST_MANIFEST_PATH, manifestPath, parseManifest, sha256Of } from "@/lib/engine/manifest";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";

/* Proving that a version's files are what was made. */

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

  const path = manifestPath(expected.manifestHash);
  const manifestBytes = (await read(path)) ?? (await read(FIRST_MANIFEST_PATH));
  if (!manifestBytes) return { manifestHash: null, files: 0, ok: false, problems: [`${path} is missing.`] };
  const manifestHash = sha256Of(manifestBytes);
  if (manifestHash !== expected.manifestHash) {
    return {
      manifestHash,
      files: 0,
      ok: false,
      problems: [`${path} is not the one that was written: its sha256 should be ${expected.manifestHash}.`],
    };
  }
  const { files } = parseManifest(manifestBytes);
  for (const file of files) {
    const bytes = await read(file.path);
    if (!bytes) note(`${file.path} is missing.`);
    else if (sha256Of(bytes) !== file.sha256) note(`${file.path} was changed: its sha256 should be ${file.sha256}.`);
  }
  return { manifestHash, files: files.length, ok: problems.length === 0, problems };
}
