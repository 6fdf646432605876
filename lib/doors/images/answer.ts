import { Readable } from "node:stream";
import type { OpenedImage } from "@/lib/work/versions/images";

/**
 * An image as an answer: streamed, and never taken from a cache without asking us first, so that nothing outlives a
 * purge; asking again costs no bytes (304 by its hash). What people upload runs nothing here: no scripts, no guessing of types.
 */
export async function answerImage(request: Request, image: OpenedImage): Promise<Response> {
  const etag = `"${image.sha256}"`;
  const headers = {
    ETag: etag,
    "Cache-Control": "private, no-cache",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
  };
  if (matches(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const described = {
    ...headers,
    "Content-Type": image.contentType,
    ...(image.sizeBytes === null ? {} : { "Content-Length": String(image.sizeBytes) }),
  };
  if (request.method === "HEAD") return new Response(null, { headers: described });
  // Node's stream is the web's in another namespace of types
  return new Response(Readable.toWeb(await image.stream()) as ReadableStream<Uint8Array>, { headers: described });
}

const matches = (wanted: string | null, etag: string): boolean =>
  wanted !== null && wanted.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
