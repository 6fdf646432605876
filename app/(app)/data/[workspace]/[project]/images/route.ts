import { listImages, updateImages } from "@/lib/domain/images";
import { parseInput } from "@/lib/doors/action";
import { imageFacts, imagesChange, imagesQuery, imagesRemoval, presentImage } from "@/lib/doors/images/browser";
import { trashImages } from "@/lib/domain/trash";
import { REMOVAL_BYTES_MAX } from "@/lib/doors/images/schemas";
import { toProjectRef } from "@/lib/doors/refs";
import { readImageBody } from "@/lib/doors/images/body";
import { uploadImage } from "@/lib/work/uploads/images";
import { readJson } from "@/lib/doors/request-body";
import { sessionRoute } from "@/lib/doors/session-route";

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
  Response.json(
    await uploadImage(ctx, toProjectRef(params), readImageBody(request), parseInput(imageFacts, queryOf(request))),
  ),
);

const CHANGE_BYTES_MAX = 512 * 1024;

/** Gives images another class or split. */
export const PATCH = sessionRoute<Params>(PATTERN, async ({ ctx, request, params }) =>
  Response.json(
    await updateImages(ctx, toProjectRef(params), parseInput(imagesChange, await readJson(request, CHANGE_BYTES_MAX))),
  ),
);

/** Moves images to Trash, as one item. */
export const DELETE = sessionRoute<Params>(PATTERN, async ({ ctx, request, params }) =>
  Response.json(
    await trashImages(ctx, {
      ...toProjectRef(params),
      ...parseInput(imagesRemoval, await readJson(request, REMOVAL_BYTES_MAX)),
    }),
  ),
);
