import { createReadStream } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { stat } from "node:fs/promises";
import { zipStream, type ZipEntry } from "@/lib/engine/zip";

/** Files of a folder as a zip that is written while it is read, stored as they are. `files` are relative to it. */
export const zipFiles = (folder: string, files: readonly string[]): Readable => zipStream(entriesOf(folder, files));

async function* entriesOf(folder: string, files: readonly string[]): AsyncGenerator<ZipEntry> {
  for (const file of files) {
    const from = path.join(folder, file);
    yield {
      path: file.split(path.sep).join("/"),
      open: async () => createReadStream(from),
      sizeBytes: (await stat(from)).size,
    };
  }
}
