import { createHmac, hkdfSync } from "node:crypto";
import { Readable } from "node:stream";
import { systemContext, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { exportPath, getExportFile, getLinkedExport, remakeExport, type ExportFile } from "@/lib/domain/exports";
import type { VersionRef } from "@/lib/domain/item-state";
import { versionPrefix } from "@/lib/domain/version-writer";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";
import type { ExportFormat } from "@/lib/platform/generated/enums";
import { env } from "@/lib/platform/env";
import { equalSecrets } from "@/lib/platform/secrets";
import { door, type Door } from "./door";
import { formatName } from "./export-answers";
import type { AnyOperation } from "./operation";
import { apiUrl } from "./public-url";

/*
 * How a zip leaves the house: by a link that is signed and short-lived, because the official client fetches it without a
 * key. A page's link leads members to one, too.
 */

/** How long a link works. Asking again gives a new one. */
export const LINK_SECONDS = 15 * 60;

/** The key of links alone, so that no other use of the server's secret gives a signature that would pass here. */
function linkKey(): Buffer {
  const { sessionSecret } = env();
  if (sessionSecret === null) throw new DomainError("not_configured", "Download links are switched off. Set NEXTAUTH_SECRET on the server to switch them on.");
  return Buffer.from(hkdfSync("sha256", sessionSecret, "", "reprieve download links", 32));
}

/** A payload with its signature: what a link carries. */
const seal = (payload: string): string => `${payload}.${createHmac("sha256", linkKey()).update(payload).digest("base64url")}`;

/** The link to a zip that is ready, for LINK_SECONDS from `ctx.now`. Throws `not_configured`. */
export function linkTo(ctx: Context, exportId: string): string {
  const until = Math.floor(ctx.now.getTime() / 1000) + LINK_SECONDS;
  const payload = Buffer.from(`${exportId}:${until}`).toString("base64url");
  return `${apiUrl()}/downloads/${seal(payload)}`;
}

/** Which zip a link's token leads to. Throws `not_found`, in the same words for one that is forged and one that is too old. */
export function readLink(ctx: Context, token: string): string {
  const [payload = ""] = token.split(".", 1);
  const [exportId, until] = Buffer.from(payload, "base64url").toString().split(":");
  if (!equalSecrets(token, seal(payload)) || exportId === undefined || Number(until) * 1000 <= ctx.now.getTime()) {
    throw new DomainError("not_found", "This download link is not valid any more: links work for 15 minutes. Ask for a new one.");
  }
  return exportId;
}

/** A fresh link to the zip of a format, for a member who follows it from a page of ours. Throws as getExportFile does. */
export async function linkToExport(ctx: Context, ref: VersionRef & { format: ExportFormat }): Promise<string> {
  const { exportId } = await getExportFile(ctx, ref);
  return new URL(linkTo(ctx, exportId)).pathname;
}

/** A zip as an answer: streamed, to be saved under its name and never shown or kept on the way. */
async function answerDownload(request: Request, file: ExportFile): Promise<Response> {
  const headers = {
    "Content-Type": "application/zip",
    "Content-Length": String(file.sizeBytes),
    // made of slugs and a number: safe in a header and on any disk
    "Content-Disposition": `attachment; filename="${file.projectSlug}-v${file.versionNumber}.${formatName(file.format)}.zip"`,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  };
  if (request.method === "HEAD") return new Response(null, { headers });
  // Node's stream is the web's in another namespace of types
  return new Response(Readable.toWeb(await openZip(file)) as ReadableStream<Uint8Array>, { headers });
}

/** Throws `not_ready` when the store has lost it: it is made anew. */
async function openZip(file: ExportFile): Promise<Readable> {
  try {
    return await blobStore().stream(`${versionPrefix(file.versionId)}${exportPath(file.exportId, file.format)}`);
  } catch (error) {
    if (!(error instanceof BlobNotFoundError)) throw error;
    await remakeExport(file.exportId);
    throw new DomainError("not_ready", "This download has to be made anew. Ask for it again in a moment.", {}, { cause: error });
  }
}

/** The door of links: opened by the token alone. Time is the database's, as everywhere. */
export function linkRoute(operation: AnyOperation): Door {
  return door(operation, async ({ request, params, identify }) => {
    const ctx = await systemContext("download link");
    identify(ctx.actor);
    const exportId = readLink(ctx, String(params["token"]));
    return answerDownload(request, await getLinkedExport(ctx, exportId));
  });
}
