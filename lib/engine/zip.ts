import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { configure, ZipWriter, type ZipWriterConstructorOptions } from "@zip.js/zip.js";

export interface ZipEntry {
  /** in the zip, with "/" */
  path: string;
  /** called once, when the zip has come to the entry; what it opens is read to its end or destroyed */
  open: () => Promise<Readable | Buffer | string>;
  /** the length of what `open` gives, where it is known: keeps zip64 out of the entry's header, which some readers lack */
  sizeBytes?: number;
  /** deflate it, as is worth while for text; without, it is stored as it is, as images should be, which are compressed already */
  deflate?: boolean;
}

/** 1 January 1980, 00:00, the first instant a zip can name, in its own form, which knows no time zone. */
const MS_DOS_EPOCH = (1 << 21) | (1 << 16);

const OPTIONS: ZipWriterConstructorOptions = {
  level: 0,
  rawLastModDate: MS_DOS_EPOCH,
  extendedTimestamp: false,
  useCompressionStream: false,
};

// Threads would cost more than the little text there is to deflate. An open entry counts as a worker all the same: with
// the default of two, two zips whose readers are slow would hold up every other one.
configure({ useWebWorkers: false, maxWorkers: 1024 });

/**
 * A zip of the entries, in their order, written while it is read: an entry is opened when those before it have been read,
 * and of the contents memory holds a few chunks, whatever their sizes. The library's record of an entry for the directory
 * at the end takes some 5 KB, and an entry about a millisecond: a zip of 100,000 files half a gigabyte and two minutes.
 * The same entries give the same bytes: fixed dates, no attributes, the library's own deflate rather than the platform's.
 * zip64 where it must be. When opening or reading an entry fails, a path comes twice, or `signal` aborts, the stream is
 * destroyed with that error, and with it the entry being read; destroying the stream ends the work as well.
 */
export function zipStream(entries: AsyncIterable<ZipEntry> | Iterable<ZipEntry>, signal?: AbortSignal): Readable {
  const output = new PassThrough();
  const closed = new AbortController();
  const abort = () => output.destroy(asError(signal?.reason));
  signal?.addEventListener("abort", abort, { once: true });
  output.once("close", () => {
    signal?.removeEventListener("abort", abort);
    closed.abort(output.errored ?? new Error("The zip is no longer read."));
  });
  const sink = new WritableStream<Uint8Array>({
    async write(chunk) {
      if (!output.write(chunk)) await once(output, "drain", { signal: closed.signal });
    },
    close: () => void output.end(),
  });
  if (signal?.aborted) abort();
  else
    writeEntries(new ZipWriter(sink, OPTIONS), entries, closed.signal).catch((error: unknown) =>
      output.destroy(asError(error)),
    );
  return output;
}

async function writeEntries(
  zip: ZipWriter<unknown>,
  entries: AsyncIterable<ZipEntry> | Iterable<ZipEntry>,
  signal: AbortSignal,
): Promise<void> {
  for await (const { path, open, sizeBytes, deflate } of entries) {
    signal.throwIfAborted();
    const content = await open();
    const source = content instanceof Readable ? content : Readable.from([Buffer.from(content)]);
    const size = content instanceof Readable ? sizeBytes : Buffer.byteLength(content);
    const reader = { readable: toWebStream(source), ...(size !== undefined && { size }) };
    try {
      await zip.add(path, reader, { signal, level: deflate ? 6 : 0 });
    } finally {
      source.destroy();
    }
  }
  await zip.close();
}

/** Readable.toWeb gives Node's type of web stream, which is not the DOM's that the library takes; also, text may come as strings. */
function toWebStream(source: Readable): ReadableStream<Uint8Array> {
  const chunks = source.iterator();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(typeof value === "string" ? Buffer.from(value) : value);
      },
      cancel: () => void source.destroy(),
    },
    { highWaterMark: 0 },
  );
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
