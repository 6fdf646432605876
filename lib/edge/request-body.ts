import { DomainError } from "@/lib/domain/errors";

/** Bodies here are a few fields; files have doors of their own. */
const BODY_BYTES_MAX = 64 * 1024;

/**
 * The body as JSON, never holding more than 64 kB of it. Without a Content-Type it is taken for JSON.
 * Throws `unsupported_media_type`, `payload_too_large`, and `invalid_request` when it is not JSON.
 */
export async function readJson(request: Request): Promise<unknown> {
  const contentType = request.headers.get("content-type");
  if (contentType && !/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(contentType)) {
    throw new DomainError("unsupported_media_type", "Send the body as JSON, with Content-Type: application/json.");
  }
  if (Number(request.headers.get("content-length") ?? 0) > BODY_BYTES_MAX) throw tooLarge();
  const bytes = await readBytes(request);
  if (bytes.length === 0) throw new DomainError("invalid_request", "The body is empty. Send a JSON object.");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new DomainError("invalid_request", "The body is not valid JSON. Send a JSON object.");
  }
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = request.body?.getReader();
  let size = 0;
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    size += part.value.byteLength;
    if (size > BODY_BYTES_MAX) {
      await reader?.cancel();
      throw tooLarge();
    }
    chunks.push(part.value);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): DomainError {
  return new DomainError("payload_too_large", `The body is larger than ${BODY_BYTES_MAX} bytes. Send less.`);
}
