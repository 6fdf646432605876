import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import {
  lstat,
  mkdir,
  open as openFile,
  realpath,
  rename,
  rm,
  unlink,
  writeFile,
  type FileHandle,
} from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import {
  hasCode,
  isAbsent,
  makeFolder,
  nullWhenAbsent,
  removeEmptyFolder,
  settle,
  sweep,
  syncFolder,
  syncNames,
  walk,
} from "./folders";
import { BlobNotFoundError, guardBlobStore, nameBlob } from "./guard";
import type { BlobStore, SealedFiles, WriteGrant } from "./store";

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

  /** What lies below a name, taken from folders, of which `isThere` tells whether anything lies where it was taken from. */
  function sealedAs(name: string, folders: Iterable<string>, isThere: () => Promise<boolean>): SealedFiles {
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
        for (const relative of new Set([ERASED, ...folders]))
          await syncFolder(path.join(await realpath(base), relative));
      },
      async isGone() {
        return !(await isThere()) && (await isAbsentFolder(sealed));
      },
    };
  }

  async function seal(name: string, prefixes: readonly string[]): Promise<SealedFiles> {
    const places = prefixes.map((prefix) => prefix.slice(0, -1));
    for (const place of places) await takeAway(place, name);
    return sealedAs(name, places.map(parentOf), async () => {
      for (const place of places) if (!(await isAbsentFolder(place))) return true;
      return false;
    });
  }

  /** Which of the keys are there, as paths. */
  async function findFiles(keys: readonly string[]): Promise<string[]> {
    const folders = new Map<string, string | null>();
    for (const parent of new Set(keys.map(parentOf))) folders.set(parent, await findFolder(parent));
    const found: string[] = [];
    await settle(keys, async (key) => {
      const folder = folders.get(parentOf(key))!;
      if (folder === null) return;
      const file = path.join(folder, path.basename(key));
      if ((await lstat(file).catch(nullWhenAbsent)) !== null) found.push(file);
    });
    return found;
  }

  async function sealFiles(name: string, keys: readonly string[]): Promise<SealedFiles> {
    const found = await findFiles(keys);
    if (found.length > 0) {
      await findFolder(`${ERASED}/${name}`); // throws for a link on the way
      const place = path.join(await realpath(base), ERASED, name);
      await mkdir(place, { recursive: true, mode: 0o700 });
      await settle(found, async (file) => {
        await rename(file, path.join(place, randomUUID())).catch(nullWhenAbsent);
      });
    }
    return sealedAs(name, new Set(keys.map(parentOf)), async () => (await findFiles(keys)).length > 0);
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
    await settle(keys, async (key) => {
      try {
        const folder = await findFolder(parentOf(key));
        if (folder === null) return;
        await unlink(path.join(folder, path.basename(key)));
        touched.add(folder);
      } catch (error) {
        if (!isAbsent(error) && !hasCode(error, "EISDIR")) throw nameBlob(error, key);
      }
    });
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
    sealFiles,
    async presignPut() {
      throw new Error("A blob store on disk has no URLs to send files to.");
    },
  });
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

function parentOf(key: string): string {
  const slash = key.lastIndexOf("/");
  return slash < 0 ? "" : key.slice(0, slash);
}
