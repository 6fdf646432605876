import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { Writable } from "node:stream";
import { type FileEntry, ZipReader } from "@zip.js/zip.js/lib/zip-core-native.js";
import { OnnxError } from "@/lib/engine/onnx/proto";
import { HandleReader } from "@/lib/work/uploads/handle-reader";

/*
 * An ONNX file within a zip. Nothing else of the zip is unpacked; what is, is cut off where it grows beyond the size that it
 * declares, which is bounded.
 */

const ENTRIES_MAX = 100_000;
const JSON_BYTES_MAX = 1024 ** 2;

/** Where the ONNX file of a zip lies, and the text of the `model.json` beside it, where there is one. */
export interface ZippedOnnx {
  path: string;
  json: string | null;
}

/**
 * Unpacks the ONNX file of the zip at `zip` to `file`, which is there and empty. With `path` exactly that one. "none": it
 * holds none; "broken": it is no zip that can be read. Throws OnnxError where it holds several, or one of more than `bytesMax`.
 */
export async function unpackOnnx(
  zip: string,
  file: string,
  { bytesMax, path }: { bytesMax: number; path?: string | undefined },
): Promise<ZippedOnnx | "none" | "broken"> {
  const handle = await open(zip);
  try {
    const entries = await listEntries(await HandleReader.of(handle));
    if (!entries) return "broken";
    const models = entries.filter(({ filename }) => (path === undefined ? isOnnx(filename) : filename === path));
    if (models.length > 1)
      throw new OnnxError(`The zip holds ${models.length} ONNX files. Leave one in it, the one to be served.`);
    const [model] = models;
    if (!model) return "none";
    if (model.encrypted) throw new OnnxError("The ONNX file in the zip is encrypted. Zip it without a password.");
    if (model.uncompressedSize > bytesMax)
      throw new OnnxError(
        `The ONNX file in the zip is larger than ${Math.round(bytesMax / 1024 ** 2)} MB, the most that this server takes.`,
      );
    await inflate(model, Writable.toWeb(createWriteStream(file, { flags: "r+" })));
    const folder = model.filename.slice(0, model.filename.lastIndexOf("/") + 1);
    const card = entries.find(({ filename }) => filename === `${folder}model.json`);
    return { path: model.filename, json: card ? await readText(card) : null };
  } finally {
    await handle.close();
  }
}

const isOnnx = (name: string): boolean => /\.onnx$/i.test(name) && !/(^|\/)(__MACOSX\/|\._)/.test(name);

/** null: it cannot be read as a zip. */
async function listEntries(reader: HandleReader): Promise<FileEntry[] | null> {
  const entries: FileEntry[] = [];
  try {
    const zip = new ZipReader(reader, { useWebWorkers: false, checkOverlappingEntry: true, checkCrc32: true });
    for await (const entry of zip.getEntriesGenerator()) {
      if (entries.length >= ENTRIES_MAX) return null;
      if (!entry.directory) entries.push(entry);
    }
  } catch {
    return null;
  }
  return entries;
}

async function inflate(entry: FileEntry, into: WritableStream<Uint8Array>): Promise<void> {
  let bytes = 0;
  const bounded = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > entry.uncompressedSize) throw new Error("The entry is larger than it declares.");
      controller.enqueue(chunk);
    },
  });
  const written = bounded.readable.pipeTo(into);
  written.catch(() => undefined); // told by the reading, too
  try {
    await entry.getData(bounded.writable);
    await written;
  } catch (error) {
    throw new OnnxError("The ONNX file in the zip is broken, or larger than the zip says. Zip it again.", {
      cause: error,
    });
  }
}

async function readText(entry: FileEntry): Promise<string> {
  if (entry.uncompressedSize > JSON_BYTES_MAX) throw new OnnxError("The model.json in the zip is too large.");
  const chunks: Uint8Array[] = [];
  await inflate(entry, new WritableStream({ write: (chunk) => void chunks.push(chunk) }));
  return Buffer.concat(chunks).toString("utf8");
}
