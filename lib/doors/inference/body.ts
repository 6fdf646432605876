import { after } from "next/server";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { authorize } from "@/lib/domain/permissions";
import type { ModelRef } from "@/lib/domain/trainings";
import { holdCallsBy } from "@/lib/work/inference/calls";
import { predict, type InferenceAnswer, type Wanted } from "@/lib/work/inference/inference";
import { readForm } from "@/lib/doors/images/form";
import { fetchImage } from "@/lib/work/fetch-image";
import { readChunks } from "@/lib/work/chunks";
import { tooLarge } from "@/lib/work/uploads/spool";

/*
 * The image of a prediction, in each form that clients send: `file` of a form, a bare base64 text that calls itself a
 * urlencoded form, the image as the body, or a URL. It is held in memory, because most are a few kilobytes and are asked for
 * by the thousand; what all calls hold together is bounded.
 */

/** The largest image that a model is shown. */
const INFERENCE_BYTES_MAX = 20 * 1024 ** 2;
/** Base64 needs four characters for three bytes, some escaped; and line breaks. */
const TEXT_BYTES_MAX = 1.5 * INFERENCE_BYTES_MAX;
const HELD_BYTES_MAX = 96 * 1024 ** 2;

let heldBytes = 0;

// Next waits for what it was given before it ends the process, and a platform that freezes idle processes lets it end first.
holdCallsBy((writing) => {
  try {
    after(writing);
  } catch {
    // not in one of Next's requests
  }
});

/** `predict`, for the image that a request brings. Throws as withRequestImage, too; nothing is read for who may not ask. */
export async function predictRequest(
  ctx: Context,
  ref: ModelRef,
  request: Request,
  { image, ...wanted }: Wanted & { image?: string | undefined },
): Promise<InferenceAnswer> {
  authorize(ctx, "predict", ref.workspaceSlug);
  return withRequestImage(request, image, (bytes) => predict(ctx, ref, bytes, wanted));
}

/**
 * Reads the image that a request brings, hands it to `run`, and lets go of it afterwards. Throws `invalid_request`,
 * `payload_too_large` without reading on, `unsupported_media_type`, and `busy` while other calls hold too much.
 */
async function withRequestImage<T>(
  request: Request,
  imageUrl: string | undefined,
  run: (image: Buffer) => Promise<T>,
): Promise<T> {
  let own = 0;
  async function collect(chunks: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Buffer> {
    const collected: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.byteLength;
      if (size > bytesMax) throw tooLarge(INFERENCE_BYTES_MAX);
      if (heldBytes + chunk.byteLength > HELD_BYTES_MAX)
        throw new DomainError("busy", "Too many images are being sent at this moment. Try again in a few seconds.");
      heldBytes += chunk.byteLength;
      own += chunk.byteLength;
      collected.push(chunk);
    }
    return Buffer.concat(collected);
  }
  try {
    const image = await readImage(request, imageUrl, collect);
    if (image.length === 0) throw noImage();
    return await run(image);
  } finally {
    heldBytes -= own;
  }
}

type Collect = (chunks: AsyncIterable<Uint8Array>, bytesMax: number) => Promise<Buffer>;

async function readImage(request: Request, imageUrl: string | undefined, collect: Collect): Promise<Buffer> {
  if (imageUrl !== undefined) return fetchImage(imageUrl, (chunks) => collect(chunks, INFERENCE_BYTES_MAX));
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (type === "multipart/form-data")
    return (await readForm(request, INFERENCE_BYTES_MAX, (stream) => collect(stream, INFERENCE_BYTES_MAX))).taken;
  if (type === "application/x-www-form-urlencoded")
    return decodeBase64((await collect(bodyOf(request, TEXT_BYTES_MAX), TEXT_BYTES_MAX)).toString("latin1"));
  if (type.startsWith("image/")) return collect(bodyOf(request, INFERENCE_BYTES_MAX), INFERENCE_BYTES_MAX);
  if (!request.body || request.headers.get("content-length") === "0") throw noImage();
  throw new DomainError(
    "unsupported_media_type",
    'Send the image in the field "file" of a form (multipart/form-data), as the body (image/jpeg, image/png …), or as base64 (application/x-www-form-urlencoded).',
  );
}

function bodyOf(request: Request, bytesMax: number): AsyncIterable<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLarge(INFERENCE_BYTES_MAX);
  if (!request.body) throw noImage();
  return readChunks(request.body);
}

/** Also as a data: URL, with line breaks, escaped, or with the spaces that a form's decoding makes of every plus. */
function decodeBase64(text: string): Buffer {
  const unescaped = text.trim().replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  const base64 = unescaped
    .replace(/^data:[^,]{0,200},/i, "")
    .replace(/[\r\n\t]/g, "")
    .replaceAll(" ", "+");
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(base64))
    throw new DomainError(
      "invalid_request",
      "The body is not an image in base64. Send nothing but the image's base64 text, or the image in a form.",
      { field: "image" },
    );
  const image = Buffer.from(base64, "base64");
  if (image.length > INFERENCE_BYTES_MAX) throw tooLarge(INFERENCE_BYTES_MAX);
  return image;
}

const noImage = (): DomainError =>
  new DomainError("invalid_request", 'There is no image. Send one as the body, or in the field "file" of a form.', {
    field: "image",
  });
