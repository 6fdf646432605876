import { DomainError } from "@/lib/domain/errors";

/**
 * A body's bytes as they come, no faster than they are taken; the sender is cut off when they are not taken to the end.
 * Throws `invalid_request` when the sender breaks off.
 */
export async function* readChunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const read = () =>
    reader.read().catch(() => {
      throw brokenOff();
    });
  try {
    for (let part = await read(); !part.done; part = await read()) yield part.value;
  } finally {
    await reader.cancel().catch(() => {}); // broken off already
  }
}

export const brokenOff = (): DomainError =>
  new DomainError("invalid_request", "The upload broke off before it was complete. Send it again.", {
    field: "upload",
  });
