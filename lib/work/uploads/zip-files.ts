import { BlobReader, ZipReader, type FileEntry, type Reader } from "@zip.js/zip.js/lib/zip-core-native.js";
import type { Refused, UploadFile } from "./upload-file";

const ENTRIES_MAX = 200_000;
/** Images hardly shrink; what promises to grow more than this is no data set. */
const RATIO_MAX = 100;
const RATIO_FREE_BYTES = 100_000_000;

/**
 * The files of a zip. Its entries are only names here, nothing is unpacked to anywhere: each is inflated from its place
 * in the zip when it is opened, and cut off where it grows beyond the size it declares; entries that share bytes are
 * refused. So a zip costs the memory of the entries that are open, whatever it claims. `zip` is opened now; a broken one
 * is refused as a whole. Loaded only once a zip was chosen.
 */
export async function readZip(zip: UploadFile): Promise<{ entries: UploadFile[]; refused: Refused[] }> {
  const blob = await zip.open().catch(() => null);
  if (!blob) return { entries: [], refused: [{ path: zip.path, reason: "brokenZip" }] };
  return readZipFrom({ ...zip, reader: new BlobReader(blob) });
}

/** The same for a zip that is read in place by `reader`, which must stay open for as long as entries are opened. */
export async function readZipFrom(zip: {
  path: string;
  sizeBytes: number;
  reader: Reader<unknown>;
}): Promise<{ entries: UploadFile[]; refused: Refused[] }> {
  const entries: UploadFile[] = [];
  const refused: Refused[] = [];
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
      const path = entry.filename.replaceAll("\\", "/");
      bytes += entry.uncompressedSize;
      if (entries.length + refused.length >= ENTRIES_MAX || bytes > RATIO_FREE_BYTES + RATIO_MAX * zip.sizeBytes)
        return { entries: [], refused: [{ path: zip.path, reason: "zipBomb" }] };
      if (entry.encrypted) refused.push({ path, reason: "encrypted" });
      else entries.push({ path, sizeBytes: entry.uncompressedSize, open: () => inflate(entry) });
    }
    return { entries, refused };
  } catch {
    return { entries: [], refused: [{ path: zip.path, reason: "brokenZip" }] };
  }
}

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
