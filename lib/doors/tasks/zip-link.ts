import { createHmac } from "node:crypto";
import { systemContext, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { door, type Door } from "@/lib/doors/door";
import type { AnyOperation } from "@/lib/doors/operation";
import { apiUrl } from "@/lib/doors/public-url";
import { storeZip } from "@/lib/work/uploads/zips";
import { env } from "@/lib/platform/env";
import { deriveKey, equalSecrets } from "@/lib/platform/secrets";

/*
 * Where a zip is sent to: the official client does so without a key, by a link that is signed, once.
 */

const LINK_SECONDS = 24 * 60 * 60;

/** The key of these links alone, so that none for a download passes here. */
function seal(payload: string): string {
  const { sessionSecret } = env();
  if (sessionSecret === null)
    throw new DomainError(
      "not_configured",
      "Uploads of zips are switched off. Set NEXTAUTH_SECRET on the server to switch them on.",
    );
  const key = deriveKey(sessionSecret, "reprieve upload links");
  return `${payload}.${createHmac("sha256", key).update(payload).digest("base64url")}`;
}

/** The link of a task, for LINK_SECONDS from `ctx.now`. Throws `not_configured`. */
export function linkForZip(ctx: Context, taskId: string): string {
  const until = Math.floor(ctx.now.getTime() / 1000) + LINK_SECONDS;
  return `${apiUrl()}/upload/${seal(Buffer.from(`${taskId}:${until}`).toString("base64url"))}`;
}

/** The task of a link. Throws `not_found`, in the same words for one that is forged and one that is too old. */
function readLink(ctx: Context, token: string): string {
  const [payload = ""] = token.split(".", 1);
  const [taskId, until] = Buffer.from(payload, "base64url").toString().split(":");
  if (!equalSecrets(token, seal(payload)) || taskId === undefined || Number(until) * 1000 <= ctx.now.getTime())
    throw new DomainError("not_found", "This link is not valid any more: links work for a day. Begin a new upload.");
  return taskId;
}

/** The door of these links: opened by the token alone. */
export function zipRoute(operation: AnyOperation): Door {
  return door(operation, async ({ request, params, identify }) => {
    const ctx = await systemContext("zip upload");
    identify(ctx.actor);
    const taskId = readLink(ctx, String(params["token"]));
    const announcedBytes = Number(request.headers.get("content-length") ?? 0);
    await storeZip(ctx, taskId, { body: request.body, announcedBytes });
    return { status: 200, body: { taken: true } };
  });
}
