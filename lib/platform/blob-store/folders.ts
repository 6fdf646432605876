import { constants, type Dirent } from "node:fs";
import { lstat, mkdir, open as openFile, opendir, rmdir, unlink } from "node:fs/promises";
import path from "node:path";

/* Folders of a disk, as a blob store needs them: read, made, emptied and flushed, whatever others do in them meanwhile. */

const BATCH = 64; // file operations in flight for one call
const DIRECTORY_BUFFER = 256; // directory entries read at once
const SWEEP_PASSES = 3;

/** Every file below `folder`; a file that goes while we look is left out. */
export async function* walk(folder: string, prefix: string): AsyncGenerator<{ key: string; sizeBytes: number }> {
  for await (const entries of readFolder(folder)) {
    const found: { key: string; sizeBytes: number }[] = [];
    await settle(
      entries.filter((entry) => !entry.isDirectory()),
      async (entry) => {
        const stats = await lstat(path.join(folder, entry.name)).catch(nullWhenAbsent);
        if (stats !== null) found.push({ key: prefix + entry.name, sizeBytes: stats.size });
      },
    );
    yield* found;
    for (const entry of entries) {
      if (entry.isDirectory()) yield* walk(path.join(folder, entry.name), `${prefix}${entry.name}/`);
    }
  }
}

/**
 * Removes what is below `folder`, then the folder itself. A folder that is not empty after a pass that removed something
 * is read again: readers may be late for a new file, and not every file system shows all names while names are being
 * removed. Gives back whether it removed anything.
 */
export async function sweep(folder: string): Promise<boolean> {
  let removedAny = false;
  for (let pass = 1; pass <= SWEEP_PASSES; pass++) {
    let removed = 0;
    for await (const entries of readFolder(folder)) {
      const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => path.join(folder, entry.name));
      await settle(files, async (file) => {
        if ((await unlink(file).catch(nullWhenAbsent)) !== null) removed++;
      });
      for (const entry of entries) {
        if (entry.isDirectory() && (await sweep(path.join(folder, entry.name)))) removed++;
      }
    }
    removedAny ||= removed > 0;
    if (await removeEmptyFolder(folder)) return true;
    if (removed === 0) break;
  }
  return removedAny;
}

/** The names in `folder`, a batch at a time; none when it is absent. */
async function* readFolder(folder: string): AsyncGenerator<Dirent[]> {
  const directory = await opendir(folder, { bufferSize: DIRECTORY_BUFFER }).catch(nullWhenAbsent);
  if (directory === null) return;
  let batch: Dirent[] = [];
  for await (const entry of directory) {
    if (batch.push(entry) < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** True when `folder` was removed here or is gone already, false when something is in it. */
export async function removeEmptyFolder(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return true;
    if (hasCode(error, "ENOTEMPTY", "EEXIST", "ENOTDIR")) return false;
    throw error;
  }
}

/** Makes one folder in one that is there. False when it is there already. */
export async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await openFile(folder, constants.O_RDONLY).catch(nullWhenAbsent);
  if (handle === null) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the names of a new file and of the folders made for it last; `made` is the topmost of those. */
export async function syncNames(folder: string, made: string | undefined): Promise<void> {
  await syncFolder(folder);
  if (made === undefined) return;
  for (let above = folder; above.length >= made.length;) {
    above = path.dirname(above);
    await syncFolder(above);
  }
}

/** Runs `work` for all items, some at once, waits for every one, and only then throws the first failure. */
export async function settle<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += BATCH) {
    const results = await Promise.allSettled(items.slice(start, start + BATCH).map(work));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
}

export function nullWhenAbsent(error: unknown): null {
  if (isAbsent(error)) return null;
  throw error;
}

export function isAbsent(error: unknown): boolean {
  return hasCode(error, "ENOENT", "ENOTDIR");
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
