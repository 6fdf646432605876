import { DomainError } from "@/lib/domain/errors";
import { env } from "@/lib/platform/env";
import { readChunks } from "@/lib/work/chunks";
import { tooLarge, type Bytes } from "@/lib/work/uploads/spool";

/** The request's body as bytes, unless it says itself that it is too large. Throws `payload_too_large`, `invalid_request`. */
export function readImageBody(request: Request): Bytes {
  if (Number(request.headers.get("content-length") ?? 0) > env().imageBytesMax) throw tooLarge(env().imageBytesMax);
  if (!request.body)
    throw new DomainError("invalid_request", "There is no body. Send the image as the body.", { field: "upload" });
  return readChunks(request.body);
}
