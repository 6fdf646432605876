import { randomUUID } from "node:crypto";
import { constants, type Dirent } from "node:fs";
import {
  lstat,
  mkdir,
  open,
  opendir,
  realpath,
  rename,
  rm,
  rmdir,
  unlink,
  writeFile,
  type FileHandle,
} from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { BlobNotFoundError, guardBlobStore, nameBlob } from "./guard";
import type { BlobStore } from "./store";

const BATCH = 64; // file operations in flight for one call
const DIRECTORY_BUFFER = 256; // directory entries read at once
const OPEN_ATTEMPTS = 5;
const SWEEP_PASSES = 3;

/**
 * A blob store in the folder `root`: a key is the file of that path below it, modes 0700 and 0600.
 *
 * A blob is written to `.tmp-…` beside its place and renamed, so a reader never sees a part; what a crash leaves
 * is under the same prefix, is listed, and goes with it. Symbolic links are never followed below the root: a call
 * whose path leads through one fails, and one found inside a removed prefix is itself unlinked. The first `put`
 * makes the root; to every call that must be able to say "nothing there", a missing root is an error, because a
 * disk that is not mounted must never look like a finished removal.
 *
 * `durable` (default true): bytes, names and removals have reached the disk when a call returns. False is for tests.
 */
export function createDiskBlobStore(root: string, { durable = true }: { durable?: boolean } = {}): BlobStore {
  const base = path.resolve(root);
  let realBase: string | undefined;

  /** The folder at `relative` ("" is the root), or null when it is absent. Throws for a link on the way or a missing root. */
  async function findFolder(relative: string): Promise<string | null> {
    try {
      realBase ??= await realpath(base);
      const folder = path.join(realBase, relative);
      if ((await realpath(folder)) !== folder) throw new Error("The path leads through a symbolic link.");
      return folder;
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
    await assertAbsent(relative);
    return null;
  }

  /** A dangling link also has no real path; only a component that is not there at all makes a place absent. */
  async function assertAbsent(relative: string): Promise<void> {
    try {
      await realpath(base);
    } catch (error) {
      throw isAbsent(error) ? new Error(`The blob store's folder is missing: ${base}. Is its disk mounted?`) : error;
    }
    let place = base;
    for (const part of relative.split("/").filter((name) => name !== "")) {
      place = path.join(place, part);
      const found = await lstat(place).catch(nullWhenAbsent);
      if (found === null) return;
      if (found.isSymbolicLink()) throw new Error("The path leads through a symbolic link.");
    }
  }

  async function openForWriting(
    relative: string,
  ): Promise<{ file: FileHandle; temporary: string; made: string | undefined }> {
    for (let attempt = 1; ; attempt++) {
      let made = await mkdir(base, { recursive: true, mode: 0o700 });
      try {
        let folder = await findFolder(relative);
        if (folder === null) {
          folder = path.join(await realpath(base), relative);
          made = (await mkdir(folder, { recursive: true, mode: 0o700 })) ?? made;
        }
        const temporary = path.join(folder, `.tmp-${randomUUID()}`);
        return { file: await open(temporary, "wx", 0o600), temporary, made };
      } catch (error) {
        // A removal of the prefix may take the empty folder away between the calls.
        if (!isAbsent(error) || attempt === OPEN_ATTEMPTS) throw error;
      }
    }
  }

  async function put(key: string, body: Uint8Array | Readable): Promise<{ sizeBytes: number }> {
    const { file, temporary, made } = await openForWriting(parentOf(key));
    const folder = path.dirname(temporary);
    try {
      let sizeBytes: number;
      try {
        await writeFile(file, body);
        if (durable) await file.sync();
        sizeBytes = (await file.stat()).size;
      } finally {
        await file.close();
      }
      await rename(temporary, path.join(folder, path.basename(key)));
      if (durable) await syncNames(folder, made);
      return { sizeBytes };
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async function openForReading(key: string): Promise<FileHandle> {
    const folder = await findFolder(parentOf(key));
    if (folder === null) throw new BlobNotFoundError(key);
    let file: FileHandle;
    try {
      file = await open(path.join(folder, path.basename(key)), constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (error) {
      throw isAbsent(error) ? new BlobNotFoundError(key) : error;
    }
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new BlobNotFoundError(key);
  }

  async function remove(keys: readonly string[]): Promise<void> {
    const touched = new Set<string>();
    for (let start = 0; start < keys.length; start += BATCH) {
      await settle(keys.slice(start, start + BATCH), async (key) => {
        try {
          const folder = await findFolder(parentOf(key));
          if (folder === null) return;
          await unlink(path.join(folder, path.basename(key)));
          touched.add(folder);
        } catch (error) {
          if (!isAbsent(error) && !hasCode(error, "EISDIR")) throw nameBlob(error, key);
        }
      });
    }
    if (durable) for (const folder of touched) await syncFolder(folder);
  }

  async function removePrefix(prefix: string, last: readonly string[]): Promise<{ files: number; bytes: number }> {
    const total = { files: 0, bytes: 0 };
    const folder = await findFolder(prefix.slice(0, -1));
    if (folder === null) return total;
    const kept = new Set(last.map((key) => path.join(folder, key.slice(prefix.length))));
    await sweep(folder, kept, total);
    for (const file of kept) await removeFile(file, total);
    for (const file of kept) await removeEmptyFolders(path.dirname(file), folder);
    // A file whose folder is gone cannot come back: one sync, above the folder, makes the whole removal last.
    if (durable && total.files > 0) await syncFolder(path.dirname(folder));
    return total;
  }

  return guardBlobStore({
    put,
    async get(key) {
      const file = await openForReading(key);
      try {
        return await file.readFile();
      } finally {
        await file.close();
      }
    },
    async stream(key) {
      return (await openForReading(key)).createReadStream();
    },
    async *list(prefix) {
      const folder = await findFolder(prefix.slice(0, -1));
      if (folder !== null) yield* walk(folder, prefix);
    },
    remove,
    removePrefix(prefix, { last = [] } = {}) {
      return removePrefix(prefix, last);
    },
    async presignPut() {
      throw new Error("A blob store on disk has no URLs to send files to.");
    },
  });
}

/** Every file below `folder`; a file that goes while we look is left out. */
async function* walk(folder: string, prefix: string): AsyncGenerator<{ key: string; sizeBytes: number }> {
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
 * Removes what is below `folder` except the files in `kept`, then the folder itself when it is empty. A folder that
 * is not empty after a pass that removed something is read again: readers may be late for a new file, and not every
 * file system shows all names while names are being removed. Gives back whether it removed anything.
 */
async function sweep(
  folder: string,
  kept: ReadonlySet<string>,
  total: { files: number; bytes: number },
): Promise<boolean> {
  let removedAny = false;
  for (let pass = 1; pass <= SWEEP_PASSES; pass++) {
    let removed = 0;
    for await (const entries of readFolder(folder)) {
      const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => path.join(folder, entry.name));
      await settle(
        files.filter((file) => !kept.has(file)),
        async (file) => {
          if (await removeFile(file, total)) removed++;
        },
      );
      for (const entry of entries) {
        if (entry.isDirectory() && (await sweep(path.join(folder, entry.name), kept, total))) removed++;
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

/** Unlinks one name (a link itself, never what it points to) and counts it; false when somebody else was first. */
async function removeFile(file: string, total: { files: number; bytes: number }): Promise<boolean> {
  const stats = await lstat(file).catch(nullWhenAbsent);
  if (stats === null || stats.isDirectory()) return false;
  const gone = await unlink(file).catch(nullWhenAbsent);
  if (gone === null) return false;
  total.files += 1;
  total.bytes += stats.size;
  return true;
}

/** True when `folder` was removed here or is gone already, false when something is in it. */
async function removeEmptyFolder(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return true;
    if (hasCode(error, "ENOTEMPTY", "EEXIST", "ENOTDIR")) return false;
    throw error;
  }
}

async function removeEmptyFolders(from: string, upTo: string): Promise<void> {
  for (let folder = from; ; folder = path.dirname(folder)) {
    if (!(await removeEmptyFolder(folder)) || folder === upTo) return;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY).catch(nullWhenAbsent);
  if (handle === null) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the names of a new file and of the folders made for it last; `made` is the topmost of those. */
async function syncNames(folder: string, made: string | undefined): Promise<void> {
  await syncFolder(folder);
  if (made === undefined) return;
  for (let above = folder; above.length >= made.length;) {
    above = path.dirname(above);
    await syncFolder(above);
  }
}

/** Runs `work` for all items at once, waits for every one, and only then throws the first failure. */
async function settle<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(items.map(work));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

function parentOf(key: string): string {
  const slash = key.lastIndexOf("/");
  return slash < 0 ? "" : key.slice(0, slash);
}

function nullWhenAbsent(error: unknown): null {
  if (isAbsent(error)) return null;
  throw error;
}

function isAbsent(error: unknown): boolean {
  return hasCode(error, "ENOENT", "ENOTDIR");
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
