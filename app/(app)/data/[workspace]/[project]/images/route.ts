import { listImages } from "@/lib/domain/images/list";
import { updateImages } from "@/lib/domain/images/label";
import { parseInput } from "@/lib/edge/action";
import { imageFacts, imagesChange, imagesQuery, presentImage } from "@/lib/edge/browser-images";
import { toProjectRef } from "@/lib/edge/browser-refs";
import { readImageBody, uploadImage } from "@/lib/work/uploads/images";
import { readJson } from "@/lib/edge/request-body";
import { sessionRoute } from "@/lib/edge/session-route";

type Params = { workspace: string; project: string };
const PATTERN = "/data/:workspace/:project/images";

const queryOf = (request: Request) => Object.fromEntries(new URL(request.url).searchParams);

/** A range of a live project's images, newest first; without a cursor with how many match in all. */
export const GET = sessionRoute<Params>(PATTERN, async ({ ctx, request, params }) => {
  const { images, total } = await listImages(ctx, toProjectRef(params), parseInput(imagesQuery, queryOf(request)));
  return Response.json({ images: images.map(presentImage), total });
});

/** One image: the body is the file, the query says what it is called, its split and its class. */
export const POST = sessionRoute<Params>(PATTERN, async ({ ctx, request, params }) =>
  Response.json(await uploadImage(ctx, toProjectRef(params), readImageBody(request), parseInput(imageFacts, queryOf(request)))),
);

const CHANGE_BYTES_MAX = 512 * 1024;

/** Gives images another class or split. */
export const PATCH = sessionRoute<Params>(PATTERN, async ({ ctx, request, params }) =>
  Response.json(await updateImages(ctx, toProjectRef(params), parseInput(imagesChange, await readJson(request, CHANGE_BYTES_MAX)))),
);
