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
import type { AnyOperation } from "@/lib/doors/operation";
import { apiUrl } from "@/lib/doors/public-url";

/*
 * How a zip, or a model's weights, leave the house: by a link that is signed and short-lived, because the official client fetches it without a
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

type LinkKind = "zip" | "weights";

/** The link to an export's zip or a model's weights, for LINK_SECONDS from `ctx.now`. Throws `not_configured`. */
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
  return { kind: kind === "weights" ? kind : "zip", id };
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
  open: () => Promise<Readable>;
}

async function openLink(ctx: Context, token: string): Promise<Download> {
  const { kind, id } = readLink(ctx, token);
  return kind === "weights" ? toWeights(await getLinkedModel(ctx, id)) : toZip(await getLinkedExport(ctx, id));
}

const toZip = (file: ExportFile): Download => ({
  contentType: "application/zip",
  fileName: `${file.projectSlug}-v${file.versionNumber}.${nameOfFormat(file.format)}.zip`,
  sizeBytes: file.sizeBytes,
  open: () => openZip(file),
});

const toWeights = ({ slug, sizeBytes, versionId, ...model }: ServingModel): Download => ({
  contentType: "application/octet-stream",
  fileName: `${slug}.weights`,
  sizeBytes,
  open: () => openWeights(`${versionPrefix(versionId)}${weightsPath(model)}`),
});

async function openWeights(key: string): Promise<Readable> {
  try {
    return await blobStore().stream(key);
  } catch (error) {
    if (!(error instanceof BlobNotFoundError)) throw error;
    throw new DomainError("not_found", "These weights are not there any more.", {}, { cause: error });
  }
}

/** A file as an answer: streamed, to be saved under its name and never shown or kept on the way. */
async function answerDownload(
  request: Request,
  { contentType, fileName, sizeBytes, open }: Download,
): Promise<Response> {
  const headers = {
    "Content-Type": contentType,
    "Content-Length": String(sizeBytes),
    "Content-Disposition": `attachment; filename="${fileName}"`,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  };
  if (request.method === "HEAD") return new Response(null, { headers });
  // Node's stream is the web's in another namespace of types
  return new Response(Readable.toWeb(await open()) as ReadableStream<Uint8Array>, { headers });
}

/** Throws `not_ready` when the store has lost it: it is made anew. */
async function openZip(file: ExportFile): Promise<Readable> {
  try {
    return await blobStore().stream(
      `${versionPrefix(file.versionId)}${exportPath(file.exportId, file.attemptId, file.format)}`,
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
