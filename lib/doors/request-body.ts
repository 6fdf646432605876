import { DomainError } from "@/lib/domain/errors";
import { readChunks } from "@/lib/work/chunks";

/** Most bodies are a few fields. */
const BODY_BYTES_MAX = 64 * 1024;

/**
 * The body as JSON, never holding more than `bytesMax` of it, 64 kB unless said otherwise. Without a Content-Type it is taken for JSON.
 * One that is left out is {} where it is `optional`.
 * Throws `unsupported_media_type`, `payload_too_large`, and `invalid_request` when it is not JSON.
 */
export async function readJson(
  request: Request,
  bytesMax: number = BODY_BYTES_MAX,
  { optional = false }: { optional?: boolean | undefined } = {},
): Promise<unknown> {
  const contentType = request.headers.get("content-type");
  if (contentType && !/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(contentType)) {
    throw new DomainError("unsupported_media_type", "Send the body as JSON, with Content-Type: application/json.");
  }
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const bytes = await readBytes(request, bytesMax);
  if (bytes.length === 0 && optional) return {};
  if (bytes.length === 0) throw new DomainError("invalid_request", "The body is empty. Send a JSON object.");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new DomainError("invalid_request", "The body is not valid JSON. Send a JSON object.");
  }
}

async function readBytes({ body }: Request, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ? readChunks(body) : []) {
    size += chunk.byteLength;
    if (size > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(bytesMax: number): DomainError {
  return new DomainError("payload_too_large", `The body is larger than ${bytesMax} bytes. Send less.`);
}
