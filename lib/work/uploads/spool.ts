import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { DomainError } from "@/lib/domain/errors";
import { newId } from "@/lib/platform/id";

/** What came in, and lies in a temporary file. */
export interface Spooled {
  sha256: string;
  sizeBytes: number;
}

export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

const NAME = /^reprieve-upload-(\d+)-(\d+)-/;

/** Tells this process from one before it that had the same pid, as the first of a container has. */
const STARTED_AT = Math.floor(Date.now() - performance.now());

/** Makes an empty temporary file for `run` and takes it away afterwards, whatever happened. */
export async function withTemporaryFile<T>(run: (file: string) => Promise<T>): Promise<T> {
  const file = path.join(tmpdir(), `reprieve-upload-${process.pid}-${STARTED_AT}-${newId()}`);
  try {
    await writeFile(file, "", { flag: "wx", mode: 0o600 });
    return await run(file);
  } finally {
    await rm(file, { force: true });
  }
}

/** Takes away the temporary files of processes that are gone, which a kill leaves. Answers how many there were. */
export async function sweepSpooledFiles(): Promise<number> {
  let swept = 0;
  for (const name of await readdir(tmpdir())) {
    const [, pid, startedAt] = NAME.exec(name) ?? [];
    if (pid === undefined || (Number(pid) === process.pid ? Number(startedAt) === STARTED_AT : isAlive(Number(pid))))
      continue;
    await rm(path.join(tmpdir(), name), { force: true });
    swept += 1;
  }
  return swept;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // another user's
  }
}

/**
 * Writes what is sent to an empty file, no faster than the disk takes it and never holding more than a chunk.
 * Throws `payload_too_large` as soon as there is more than `bytesMax`, without reading on, and whatever the sender throws.
 */
export async function spool(bytes: Bytes, file: string, bytesMax: number): Promise<Spooled> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > bytesMax) throw tooLarge(bytesMax);
      hash.update(chunk);
      yield chunk;
    }
  }
  // "r+" makes no file: one that is opened late, after a failure, must not come back.
  await pipeline(measured, createWriteStream(file, { flags: "r+" }));
  return { sha256: hash.digest("hex"), sizeBytes };
}

/** The refusal of a file for its size. */
export function tooLarge(bytesMax: number, field = "image"): DomainError {
  const megabytes = bytesMax / 1024 ** 2;
  return new DomainError(
    "payload_too_large",
    `The file is larger than ${megabytes} MB, the most that this server takes. Send a smaller one.`,
    { field, limitMegabytes: megabytes },
  );
}
