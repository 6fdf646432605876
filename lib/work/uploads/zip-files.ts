import { BlobReader, ZipReader, type FileEntry, type Reader } from "@zip.js/zip.js/lib/zip-core-native.js";
import type { Refused, UploadFile } from "./upload-file";
import { decodeName, guessEncoding, type NameEncoding } from "./zip-names";

const ENTRIES_MAX = 200_000;
/** Images hardly shrink; what promises to grow more than this is no data set. */
const RATIO_MAX = 100;
const RATIO_FREE_BYTES = 100_000_000;

export interface ZipFiles {
  entries: UploadFile[];
  refused: Refused[];
  /** How names that are not in Unicode were read; null when all are. */
  encoding: NameEncoding | null;
}

/**
 * The files of a zip. Its entries are only names here, nothing is unpacked to anywhere: each is inflated from its place
 * in the zip when it is opened, and cut off where it grows beyond the size it declares; entries that share bytes are
 * refused. So a zip costs the memory of the entries that are open, whatever it claims. `zip` is opened now; a broken one
 * is refused as a whole. Names that are not in Unicode are read as `encoding`, or as what fits them best together. Loaded
 * only once a zip was chosen.
 */
export async function readZip(zip: UploadFile, encoding?: NameEncoding): Promise<ZipFiles> {
  const blob = await zip.open().catch(() => null);
  return blob ? readZipFrom({ ...zip, reader: new BlobReader(blob) }, encoding) : refuseWhole(zip.path, "brokenZip");
}

const refuseWhole = (path: string, reason: "brokenZip" | "zipBomb"): ZipFiles => ({
  entries: [],
  refused: [{ path, reason }],
  encoding: null,
});

/** The same for a zip that is read in place by `reader`, which must stay open for as long as entries are opened. */
export async function readZipFrom(
  zip: { path: string; sizeBytes: number; reader: Reader<unknown> },
  chosen?: NameEncoding,
): Promise<ZipFiles> {
  const found: FileEntry[] = [];
  let bytes = 0;
  try {
    // Inflating is the platform's own and off the main thread already: no workers. Names are looked at by whoever asked.
    const reader = new ZipReader(zip.reader, {
      useWebWorkers: false,
      filenameValidation: "tolerant",
      checkOverlappingEntry: true,
      checkCrc32: true,
    });
    for await (const entry of reader.getEntriesGenerator()) {
      if (entry.directory) continue;
      bytes += entry.uncompressedSize;
      if (found.length >= ENTRIES_MAX || bytes > RATIO_FREE_BYTES + RATIO_MAX * zip.sizeBytes)
        return refuseWhole(zip.path, "zipBomb");
      found.push(entry);
    }
  } catch {
    return refuseWhole(zip.path, "brokenZip");
  }
  const legacy = found.filter(isLegacy).map(nameOf);
  const encoding = legacy.length === 0 ? null : (chosen ?? guessEncoding(legacy));
  const files: ZipFiles = { entries: [], refused: [], encoding };
  for (const entry of found) {
    const name = encoding !== null && isLegacy(entry) ? decodeName(nameOf(entry), encoding) : entry.filename;
    const path = name.replaceAll("\\", "/");
    if (entry.encrypted) files.refused.push({ path, reason: "encrypted" });
    else files.entries.push({ path, sizeBytes: entry.uncompressedSize, open: () => inflate(entry) });
  }
  return files;
}

/** Neither ASCII nor, by its flag, its extra field or its bytes, in Unicode. */
const isLegacy = ({ filenameUTF8, extraFieldUnicodePath, rawFilename }: FileEntry): boolean =>
  !filenameUTF8 && extraFieldUnicodePath?.valid !== true && rawFilename.some((byte) => byte >= 0x80);

const nameOf = ({ rawFilename, filename }: FileEntry) => ({ bytes: rawFilename, cp437: filename });

async function inflate(entry: FileEntry): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const sink = new WritableStream<Uint8Array<ArrayBuffer>>({
    write(chunk) {
      bytes += chunk.byteLength;
      if (bytes > entry.uncompressedSize) throw new Error("The entry is larger than it declares.");
      chunks.push(chunk);
    },
  });
  await entry.getData(sink);
  return new Blob(chunks);
}
