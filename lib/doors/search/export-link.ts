import { createHmac } from "node:crypto";
import { Readable } from "node:stream";
import { z } from "zod";
import { systemContext, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { authorize } from "@/lib/domain/permissions";
import { door, type Door } from "@/lib/doors/door";
import type { AnyOperation } from "@/lib/doors/operation";
import { apiUrl } from "@/lib/doors/public-url";
import { openSearchExport, type SearchExport } from "@/lib/work/exports/search-export";
import { env } from "@/lib/platform/env";
import { deriveKey, equalSecrets } from "@/lib/platform/secrets";

/*
 * The export of a search has no row: its id is the search itself, signed, and so is the link of its zip, which the official
 * client follows without a key.
 */

const LINK_SECONDS = 15 * 60;
/** The client asks for up to half an hour. */
const ID_SECONDS = 24 * 60 * 60;

const wish = z.object({
  until: z.number(),
  kind: z.enum(["id", "link"]),
  workspaceId: z.string(),
  workspaceSlug: z.string(),
  query: z.string(),
  format: z.string(),
  dataset: z.string().nullable(),
  name: z.string().nullable(),
});

/** The key of these alone, so that no other link of ours passes here. */
function seal(payload: string): string {
  const { sessionSecret } = env();
  if (sessionSecret === null)
    throw new DomainError(
      "not_configured",
      "Exports of searches are switched off. Set NEXTAUTH_SECRET on the server to switch them on.",
    );
  const key = deriveKey(sessionSecret, "reprieve search exports");
  return `${payload}.${createHmac("sha256", key).update(payload).digest("base64url")}`;
}

function write(ctx: Context, kind: "id" | "link", seconds: number, search: SearchExport): string {
  const { workspaceId } = authorize(ctx, "read projects", search.workspaceSlug);
  const until = Math.floor(ctx.now.getTime() / 1000) + seconds;
  return seal(Buffer.from(JSON.stringify({ ...search, until, kind, workspaceId })).toString("base64url"));
}

function read(ctx: Context, kind: "id" | "link", token: string): z.output<typeof wish> {
  const [payload = ""] = token.split(".", 1);
  const refusal = new DomainError("not_found", "There is no such export, or it is too old. Ask for a new one.");
  if (!equalSecrets(token, seal(payload))) throw refusal;
  const said = wish.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
  if (said.kind !== kind || said.until * 1000 <= ctx.now.getTime()) throw refusal;
  return said;
}

/** The id of an export, for whoever may read the workspace's projects. Throws `not_configured`. */
export const exportId = (ctx: Context, search: SearchExport): string => write(ctx, "id", ID_SECONDS, search);

/** The link to an export's zip, by its id. Throws `not_found`, also for another workspace's. */
export function linkToSearch(ctx: Context, workspaceSlug: string, id: string): string {
  const search = read(ctx, "id", id);
  if (search.workspaceId !== authorize(ctx, "read projects", workspaceSlug).workspaceId)
    throw new DomainError("not_found", "There is no such export, or it is too old. Ask for a new one.");
  return `${apiUrl()}/search/${write(ctx, "link", LINK_SECONDS, { ...search, workspaceSlug })}`;
}

/** The door of these links: opened by the token alone, for its workspace alone. */
export function searchExportRoute(operation: AnyOperation): Door {
  return door(operation, async ({ request, params, identify }) => {
    const nobody = await systemContext("search export");
    identify(nobody.actor);
    const { workspaceId, workspaceSlug, ...search } = read(nobody, "link", String(params["token"]));
    const membership = { workspaceId, slug: workspaceSlug, name: workspaceSlug, role: "VIEWER" } as const;
    const ctx = await systemContext("search export", { now: nobody.now, membership });
    const zip = await openSearchExport(ctx, { ...search, workspaceSlug }, request.signal);
    // Node's stream is the web's in another namespace of types
    return new Response(Readable.toWeb(zip) as ReadableStream<Uint8Array>, {
      headers: {
        "Content-Type": "application/zip",
        "Content-Disposition": 'attachment; filename="search.zip"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
      },
    });
  });
}
