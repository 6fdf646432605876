import { createHmac } from "node:crypto";
import { z } from "zod";
import { systemContext, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { personContext } from "@/lib/domain/people";
import { assertCanHandIn } from "@/lib/domain/trainings";
import type { VersionRef } from "@/lib/domain/item-state";
import { door, type Door } from "@/lib/doors/door";
import type { AnyOperation } from "@/lib/doors/operation";
import { apiUrl } from "@/lib/doors/public-url";
import { handInModel } from "@/lib/work/models/hand-in";
import { env } from "@/lib/platform/env";
import { deriveKey, equalSecrets } from "@/lib/platform/secrets";
import { presentHandedIn } from "./presenters";

/*
 * Where the official client sends a model: it asks for a link with its key, and sends the file there without one. Whoever
 * was given the link still has to be let do it when the file comes.
 */

const LINK_SECONDS = 60 * 60;

/** The key of these links alone, so that no other passes here. */
function seal(payload: string): string {
  const { sessionSecret } = env();
  if (sessionSecret === null)
    throw new DomainError(
      "not_configured",
      "Uploads of models by a link are switched off. Set NEXTAUTH_SECRET on the server to switch them on.",
    );
  const key = deriveKey(sessionSecret, "reprieve model upload links");
  return `${payload}.${createHmac("sha256", key).update(payload).digest("base64url")}`;
}

const linkSchema = z.object({
  userId: z.string(),
  until: z.number(),
  ref: z.object({ workspaceSlug: z.string(), projectSlug: z.string(), number: z.int() }),
  modelType: z.string(),
});

/** The link for a version, for LINK_SECONDS from `ctx.now`. Throws as beginHandIn, and `not_configured`. */
export async function linkForModel(ctx: Context, ref: VersionRef, modelType: string): Promise<string> {
  await assertCanHandIn(ctx, ref, modelType);
  if (ctx.actor.type === "SYSTEM") throw new Error("Only people and their keys hand models in.");
  const { userId } = ctx.actor;
  const until = Math.floor(ctx.now.getTime() / 1000) + LINK_SECONDS;
  const payload: z.input<typeof linkSchema> = { userId, until, ref, modelType };
  return `${apiUrl()}/upload/model/${seal(Buffer.from(JSON.stringify(payload)).toString("base64url"))}`;
}

/** Throws `not_found`, in the same words for a link that is forged and one that is too old. */
function readLink(ctx: Context, token: string): z.output<typeof linkSchema> {
  const [payload = ""] = token.split(".", 1);
  const link = equalSecrets(token, seal(payload))
    ? linkSchema.parse(JSON.parse(Buffer.from(payload, "base64url").toString()))
    : null;
  if (link === null || link.until * 1000 <= ctx.now.getTime())
    throw new DomainError("not_found", "This link is not valid any more: links work for an hour. Begin a new upload.");
  return link;
}

/** The door of these links. */
export function modelLinkRoute(operation: AnyOperation): Door {
  return door(operation, async ({ request, params, identify }) => {
    const opener = await systemContext("model upload");
    const { userId, ref, modelType } = readLink(opener, String(params["token"]));
    const ctx = await personContext(userId, opener.requestId);
    if (!ctx) throw new DomainError("not_found", "The account that this link was given to is gone.");
    identify(ctx.actor);
    const announcedBytes = Number(request.headers.get("content-length") ?? 0);
    const model = await handInModel(ctx, ref, { modelType, anyFile: true }, { body: request.body, announcedBytes });
    return { status: 200, body: presentHandedIn(ref.workspaceSlug, model) };
  });
}
