import { assertCanAddImage } from "@/lib/domain/images";
import { parseInput } from "@/lib/doors/action";
import { newUpload } from "@/lib/doors/images/browser";
import { toProjectRef } from "@/lib/doors/refs";
import { uploadSettings } from "@/lib/work/uploads/settings";
import { readJson } from "@/lib/doors/request-body";
import { sessionRoute } from "@/lib/doors/session-route";
import { beginStoreUpload } from "@/lib/work/uploads/store";

type Params = { workspace: string; project: string };
const PATTERN = "/data/:workspace/:project/uploads";

/** Which way images are sent, and what may be sent. */
export const GET = sessionRoute<Params>(PATTERN, async ({ ctx, params }) => {
  await assertCanAddImage(ctx, toProjectRef(params), null);
  return Response.json(uploadSettings());
});

/** Where in the object store to put a file. */
export const POST = sessionRoute<Params>(PATTERN, async ({ ctx, request, params }) =>
  Response.json(await beginStoreUpload(ctx, toProjectRef(params), parseInput(newUpload, await readJson(request)))),
);
