import { randomUUID } from "node:crypto";
import { constants, type Dirent } from "node:fs";
import {
  lstat,
  mkdir,
  open as openFile,
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
import type { BlobStore, SealedFiles, WriteGrant } from "./store";

const BATCH = 64; // file operations in flight for one call
const DIRECTORY_BUFFER = 256; // directory entries read at once
const SWEEP_PASSES = 3;

/** Where a writer's files lie until they are published: a folder of its grant's, directly below the grant's root. */
const WRITING = ".writing-";
/** Where folders go that nobody may write to any more, to be emptied. */
const ERASED = "erased";

/**
 * A blob store in the folder `root`: a key is the file of that path below it, modes 0700 and 0600.
 *
 * A blob is written to the folder of its grant and renamed to its place, so a reader never sees a part; what a crash
 * leaves is under the same root, is listed, and goes with it. The rename is the fence: it needs the grant's folder, which
 * `close` takes away in one step, and the item's, which `seal` takes away in one step; neither is ever made again, since
 * folders are made below an item's root only, one level at a time. So whoever is late, at whatever step, fails.
 *
 * Symbolic links are never followed below the root: a call whose path leads through one fails, and one found inside a
 * removed prefix is itself unlinked. `makeRoot` makes the store's folder; to every call that must be able to say "nothing
 * there", a missing one is an error, because a disk that is not mounted must never look like a finished removal.
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
      if ((await realpath(folder)) !== folder) throw linked();
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
      throw isAbsent(error) ? missing(base) : error;
    }
    let place = base;
    for (const part of relative.split("/").filter((name) => name !== "")) {
      place = path.join(place, part);
      const found = await lstat(place).catch(nullWhenAbsent);
      if (found === null) return;
      if (found.isSymbolicLink()) throw linked();
    }
  }

  async function makeRoot(root: string, within?: string): Promise<void> {
    if (within !== undefined) {
      const { folder, made } = await makeBelow(root.slice(0, -1), within);
      if (durable) await syncNames(folder, made);
      return;
    }
    await mkdir(base, { recursive: true, mode: 0o700 });
    const relative = root.slice(0, -1);
    if ((await findFolder(relative)) !== null) return;
    const folder = path.join(await realpath(base), relative);
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (durable) await syncNames(folder, made);
  }

  const writingFolder = ({ id, root }: Pick<WriteGrant, "id" | "root">): string => `${root}${WRITING}${id}`;

  async function open(grant: WriteGrant): Promise<void> {
    const folder = await findFolder(grant.root.slice(0, -1));
    if (folder === null) throw gone(grant.root);
    await makeFolder(path.join(folder, `${WRITING}${grant.id}`));
  }

  /**
   * A folder below a root, made one level at a time where it is not there. Throws when the root is gone, or the file that it
   * is made for.
   */
  async function makeBelow(
    relative: string,
    root: string,
    file?: string,
  ): Promise<{ folder: string; made: string | undefined }> {
    const there = await findFolder(relative);
    if (there !== null) return { folder: there, made: undefined };
    if (file !== undefined) await lstat(file);
    let folder = await findFolder(root.slice(0, -1));
    if (folder === null) throw gone(root);
    let made: string | undefined;
    for (const part of relative.slice(root.length).split("/")) {
      folder = path.join(folder, part);
      if (await makeFolder(folder)) made ??= folder;
    }
    if ((await findFolder(relative)) === null) throw gone(root);
    return { folder, made };
  }

  async function put(key: string, body: Uint8Array | Readable, grant: WriteGrant): Promise<{ sizeBytes: number }> {
    const writing = await findFolder(writingFolder(grant));
    if (writing === null) throw gone(grant.root);
    const temporary = path.join(writing, randomUUID());
    const file = await openFile(temporary, "wx", 0o600);
    try {
      let sizeBytes: number;
      try {
        await writeFile(file, body);
        if (durable) await file.sync();
        sizeBytes = (await file.stat()).size;
      } finally {
        await file.close();
      }
      const { folder, made } = await makeBelow(parentOf(key), grant.root, temporary);
      await rename(temporary, path.join(folder, path.basename(key)));
      if (durable) await syncNames(folder, made);
      return { sizeBytes };
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Moves a folder to where nobody can write to it, below a name. Does nothing when it is not there. */
  async function takeAway(relative: string, name: string): Promise<void> {
    const folder = await findFolder(relative);
    if (folder === null) return;
    await findFolder(`${ERASED}/${name}`); // throws for a link on the way
    const place = path.join(await realpath(base), ERASED, name);
    await mkdir(place, { recursive: true, mode: 0o700 });
    await rename(folder, path.join(place, randomUUID())).catch(nullWhenAbsent);
  }

  async function close(grant: Pick<WriteGrant, "id" | "root">): Promise<void> {
    const folder = await findFolder(writingFolder(grant));
    if (folder !== null && (await removeEmptyFolder(folder))) return;
    await takeAway(writingFolder(grant), grant.id);
    await removePrefix(`${ERASED}/${grant.id}/`); // also what a crash left of a close before
  }

  async function isAbsentFolder(relative: string): Promise<boolean> {
    return (await findFolder(relative)) === null;
  }

  async function seal(name: string, prefixes: readonly string[]): Promise<SealedFiles> {
    for (const prefix of prefixes) await takeAway(prefix.slice(0, -1), name);
    const sealed = `${ERASED}/${name}`;
    return {
      async count() {
        const total = { files: 0, bytes: 0 };
        const folder = await findFolder(sealed);
        if (folder === null) return total;
        for await (const { sizeBytes } of walk(folder, `${sealed}/`)) {
          total.files += 1;
          total.bytes += sizeBytes;
        }
        return total;
      },
      async remove() {
        const folder = await findFolder(sealed);
        if (folder === null) return;
        await sweep(folder);
        if (!durable) return;
        const above = new Set([ERASED, ...prefixes.map((prefix) => parentOf(prefix.slice(0, -1)))]);
        for (const relative of above) await syncFolder(path.join(await realpath(base), relative));
      },
      async isGone() {
        for (const prefix of prefixes) if (!(await isAbsentFolder(prefix.slice(0, -1)))) return false;
        return isAbsentFolder(sealed);
      },
    };
  }

  async function openForReading(key: string): Promise<FileHandle> {
    const folder = await findFolder(parentOf(key));
    if (folder === null) throw new BlobNotFoundError(key);
    let file: FileHandle;
    try {
      file = await openFile(path.join(folder, path.basename(key)), constants.O_RDONLY | constants.O_NOFOLLOW);
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

  async function removePrefix(prefix: string): Promise<void> {
    const folder = await findFolder(prefix.slice(0, -1));
    if (folder === null) return;
    await sweep(folder);
    // A file whose folder is gone cannot come back: one sync, above the folder, makes the whole removal last.
    if (durable) await syncFolder(path.dirname(folder));
  }

  return guardBlobStore({
    lateWritesMs: 0, // the fence is the folder, not the time
    makeRoot,
    open,
    put,
    close,
    async get(key) {
      const file = await openForReading(key);
      try {
        return await file.readFile();
      } finally {
        await file.close();
      }
    },
    async stream(key, range) {
      return (await openForReading(key)).createReadStream(range);
    },
    async *list(prefix) {
      const folder = await findFolder(prefix.slice(0, -1));
      if (folder !== null) yield* walk(folder, prefix);
    },
    remove,
    removePrefix,
    seal,
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
 * Removes what is below `folder`, then the folder itself. A folder that is not empty after a pass that removed something
 * is read again: readers may be late for a new file, and not every file system shows all names while names are being
 * removed. Gives back whether it removed anything.
 */
async function sweep(folder: string): Promise<boolean> {
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

/** Makes one folder in one that is there. False when it is there already. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

const gone = (root: string): Error =>
  Object.assign(new Error(`Nothing can be written below ${root} any more, or not under this grant.`), {
    code: "ENOENT",
  });

const linked = (): Error => Object.assign(new Error("The path leads through a symbolic link."), { code: "ELOOP" });

/** Not ENOENT: a disk that is not mounted is no file that is not there. */
const missing = (base: string): Error =>
  Object.assign(new Error(`The blob store's folder is missing: ${base}. Is its disk mounted?`), {
    code: "NoSuchStore",
  });

async function syncFolder(folder: string): Promise<void> {
  const handle = await openFile(folder, constants.O_RDONLY).catch(nullWhenAbsent);
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
