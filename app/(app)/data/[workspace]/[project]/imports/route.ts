import { parseInput } from "@/lib/doors/action";
import { toProjectRef } from "@/lib/doors/refs";
import { sessionRoute } from "@/lib/doors/session-route";
import { importWishes } from "@/lib/doors/versions/schemas";
import { sendImport } from "@/lib/work/versions/importer";

type Params = { workspace: string; project: string };

/** An empty field says nothing. */
const wishesOf = (url: URL) => Object.fromEntries([...url.searchParams].filter(([, value]) => value.trim() !== ""));

/** Begins an import: the body is the zip, the query says what it is called and how the version shall be. */
export const POST = sessionRoute<Params>("/data/:workspace/:project/imports", async ({ ctx, request, params }) => {
  const { file, created, ...rest } = parseInput(importWishes, wishesOf(new URL(request.url)));
  const begun = await sendImport(
    ctx,
    toProjectRef(params),
    { ...rest, fileName: file, createdAt: created },
    { body: request.body, announcedBytes: Number(request.headers.get("content-length") ?? 0) },
  );
  return Response.json(begun);
});
