import { Readable } from "node:stream";

/** A file on its way in, as a request's body brings it. */
export const sent = (bytes: Uint8Array, chunkBytes = 64 * 1024) => ({
  body: Readable.toWeb(
    Readable.from(
      (function* () {
        for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
      })(),
      { objectMode: false },
    ),
  ) as ReadableStream<Uint8Array>,
  announcedBytes: bytes.length,
});
