import { createHmac } from "node:crypto";
import { Readable } from "node:stream";
import { systemContext, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import {
  type ExportFile,
  exportPath,
  getExportFile,
  getLinkedExport,
  nameOfFormat,
  remakeExport,
} from "@/lib/domain/exports";
import { getLinkedImage, type LinkedImage } from "@/lib/domain/images";
import type { VersionRef } from "@/lib/domain/item-state";
import {
  getLinkedModel,
  getModelForDownload,
  type ModelRef,
  type ServingModel,
  weightsPath,
} from "@/lib/domain/trainings";
import { versionPrefix } from "@/lib/domain/grants";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";
import type { ExportFormat } from "@/lib/platform/generated/enums";
import { env } from "@/lib/platform/env";
import { deriveKey, equalSecrets } from "@/lib/platform/secrets";
import { door, type Door } from "@/lib/doors/door";
import { type ByteRange, readWanted } from "./ranges";
import type { AnyOperation } from "@/lib/doors/operation";
import { apiUrl } from "@/lib/doors/public-url";

/*
 * How a zip, a model's weights or a source image leave the house: by a link that is signed and short-lived, because the official client fetches it without a
 * key. A page's link leads members to one, too.
 */

/** How long a link works. Asking again gives a new one. */
const LINK_SECONDS = 15 * 60;

/** The key of links alone, so that no other use of the server's secret gives a signature that would pass here. */
function linkKey(): Buffer {
  const { sessionSecret } = env();
  if (sessionSecret === null)
    throw new DomainError(
      "not_configured",
      "Download links are switched off. Set NEXTAUTH_SECRET on the server to switch them on.",
    );
  return deriveKey(sessionSecret, "reprieve download links");
}

/** A payload with its signature: what a link carries. */
const seal = (payload: string): string =>
  `${payload}.${createHmac("sha256", linkKey()).update(payload).digest("base64url")}`;

const LINK_KINDS = ["zip", "weights", "image", "thumbnail"] as const;
type LinkKind = (typeof LINK_KINDS)[number];

/** The link to an export's zip, a model's weights, a source image or its thumbnail, for LINK_SECONDS from `ctx.now`. Throws `not_configured`. */
export function linkTo(ctx: Context, kind: LinkKind, id: string): string {
  const until = Math.floor(ctx.now.getTime() / 1000) + LINK_SECONDS;
  const payload = Buffer.from(`${kind}:${id}:${until}`).toString("base64url");
  return `${apiUrl()}/downloads/${seal(payload)}`;
}

/** What a link's token leads to. Throws `not_found`, in the same words for one that is forged and one that is too old. */
function readLink(ctx: Context, token: string): { kind: LinkKind; id: string } {
  const [payload = ""] = token.split(".", 1);
  const [kind, id, until] = Buffer.from(payload, "base64url").toString().split(":");
  if (!equalSecrets(token, seal(payload)) || id === undefined || Number(until) * 1000 <= ctx.now.getTime()) {
    throw new DomainError(
      "not_found",
      "This download link is not valid any more: links work for 15 minutes. Ask for a new one.",
    );
  }
  return { kind: LINK_KINDS.find((one) => one === kind) ?? "zip", id };
}

/** A fresh link to the zip of a format, for a member who follows it from a page of ours. Throws as getExportFile does. */
export async function linkToExport(ctx: Context, ref: VersionRef & { format: ExportFormat }): Promise<string> {
  const { exportId } = await getExportFile(ctx, ref);
  return new URL(linkTo(ctx, "zip", exportId)).pathname;
}

/** A fresh link to a model's weights, for whoever may read versions. Throws as getModelForDownload does, and `not_configured`. */
export async function linkToWeights(ctx: Context, ref: ModelRef): Promise<string> {
  return linkTo(ctx, "weights", (await getModelForDownload(ctx, ref)).id);
}

interface Download {
  contentType: string;
  /** Safe in a header and on any disk: made of slugs and a number. */
  fileName: string;
  sizeBytes: number;
  /** What this very file is called, whatever link leads to it: its bytes never change. */
  etag: string;
  open: (range?: ByteRange) => Promise<Readable>;
}

async function openLink(ctx: Context, token: string): Promise<Download> {
  const { kind, id } = readLink(ctx, token);
  switch (kind) {
    case "zip":
      return toZip(await getLinkedExport(ctx, id));
    case "weights":
      return toWeights(await getLinkedModel(ctx, id));
    case "image":
    case "thumbnail":
      return toImage(await getLinkedImage(ctx, id), kind);
  }
}

const toZip = (file: ExportFile): Download => ({
  contentType: "application/zip",
  fileName: `${file.projectSlug}-v${file.versionNumber}.${nameOfFormat(file.format)}.zip`,
  sizeBytes: file.sizeBytes,
  etag: `"${file.exportId}-${file.attemptId ?? "first"}"`,
  open: (range) => openZip(file, range),
});

/** Its thumbnail, where it has one; of builds before, some have none. */
const toImage = (image: LinkedImage, kind: "image" | "thumbnail"): Download => {
  const small = kind === "thumbnail" && image.thumbnailBytes > 0;
  return {
    contentType: small ? "image/webp" : image.contentType,
    fileName: `${image.id}.${small ? "webp" : image.contentType.replace(/^.*\//, "")}`,
    sizeBytes: small ? image.thumbnailBytes : image.sizeBytes,
    etag: `"${image.id}-${small ? "thumbnail" : "image"}"`,
    open: (range) => openStored(small ? image.thumbnailKey : image.key, "This image is not there any more.", range),
  };
};

const toWeights = ({ slug, sizeBytes, versionId, fileType, ...model }: ServingModel): Download => ({
  contentType: "application/octet-stream",
  fileName: `${slug}.${fileType ?? "weights"}`,
  sizeBytes,
  etag: `"${model.weightsId ?? model.id}"`,
  open: (range) =>
    openStored(`${versionPrefix(versionId)}${weightsPath(model)}`, "These weights are not there any more.", range),
});

async function openStored(key: string, missing: string, range?: ByteRange): Promise<Readable> {
  try {
    return await blobStore().stream(key, range);
  } catch (error) {
    if (!(error instanceof BlobNotFoundError)) throw error;
    throw new DomainError("not_found", missing, {}, { cause: error });
  }
}

/**
 * A file as an answer, or the part of it that is asked for: streamed, to be saved under its name and never shown or kept on
 * the way. A download that broke off goes on with any link to the same file.
 */
async function answerDownload(
  request: Request,
  { contentType, fileName, sizeBytes, etag, open }: Download,
): Promise<Response> {
  const headers = { ETag: etag, "Accept-Ranges": "bytes", "Cache-Control": "no-store" };
  const wanted = readWanted(request, { etag, sizeBytes });
  if (wanted.kind === "same") return new Response(null, { status: 304, headers });
  if (wanted.kind === "other" || wanted.kind === "beyond") {
    const beyond = wanted.kind === "beyond";
    const range = beyond ? { "Content-Range": `bytes */${sizeBytes}` } : {};
    // No words: what resumes a download may append to its file whatever it is answered with.
    const none = { ...headers, ...range, "Content-Length": "0" };
    return new Response(null, { status: beyond ? 416 : 412, headers: none });
  }
  const part = wanted.kind === "part" ? { start: wanted.start, end: wanted.end } : undefined;
  const all = {
    ...headers,
    "Content-Type": contentType,
    "Content-Length": String(part === undefined ? sizeBytes : part.end - part.start + 1),
    "Content-Disposition": `attachment; filename="${fileName}"`,
    "X-Content-Type-Options": "nosniff",
    ...(part === undefined ? {} : { "Content-Range": `bytes ${part.start}-${part.end}/${sizeBytes}` }),
  };
  if (request.method === "HEAD") return new Response(null, { headers: all });
  // Node's stream is the web's in another namespace of types
  const body = Readable.toWeb(await open(part)) as ReadableStream<Uint8Array>;
  return new Response(body, { status: part === undefined ? 200 : 206, headers: all });
}

/** Throws `not_ready` when the store has lost it: it is made anew. */
async function openZip(file: ExportFile, range?: ByteRange): Promise<Readable> {
  try {
    return await blobStore().stream(
      `${versionPrefix(file.versionId)}${exportPath(file.exportId, file.attemptId, file.format)}`,
      range,
    );
  } catch (error) {
    if (!(error instanceof BlobNotFoundError)) throw error;
    await remakeExport(file.exportId);
    throw new DomainError(
      "not_ready",
      "This download has to be made anew. Ask for it again in a moment.",
      {},
      { cause: error },
    );
  }
}

/** The door of links: opened by the token alone. Time is the database's, as everywhere. */
export function linkRoute(operation: AnyOperation): Door {
  return door(operation, async ({ request, params, identify }) => {
    const ctx = await systemContext("download link");
    identify(ctx.actor);
    return answerDownload(request, await openLink(ctx, String(params["token"])));
  });
}
