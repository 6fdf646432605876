import { z } from "zod";
import { DomainError } from "@/lib/domain/errors";
import type { ImageSelection, ImageView } from "@/lib/domain/images";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import { IMAGES_PER_CALL_MAX, IMAGES_PER_PAGE_MAX, IMAGES_PER_REMOVAL_MAX } from "@/lib/domain/limits";
import { NAME_OF_SPLIT, SPLIT_NAMES, SPLITS } from "@/lib/domain/splits";
import { workspaceParams } from "@/lib/doors/fields";
import { itemId, toProjectRef } from "@/lib/doors/refs";

/* What browsers send and get about a project's images, in the words of the API: splits in lower case. */

const split = z.enum(SPLIT_NAMES).transform((name) => SPLITS[name]);
const label = z.string().max(500);
const fileName = z.string().max(4096);
/** "" is what an empty field sends. */
const noneWhenEmpty = (text: string | undefined): string | null => (text === undefined || text === "" ? null : text);

/** An image named in a path. Throws `not_found` for what can be none. */
export function toImageRef(params: {
  workspace: string;
  project: string;
  image: string;
}): SluggedProjectRef & { imageId: string } {
  const imageId = itemId.safeParse(params.image);
  if (!imageId.success) throw new DomainError("not_found", "There is no such image in this project.");
  return { ...toProjectRef(params), imageId: imageId.data };
}

/** An image in Trash, named in a path by the item that it is part of. Throws `not_found` for what can be none. */
export function toRemovedImageRef(params: { workspace: string; removal: string; image: string }) {
  const [removalId, imageId] = [itemId.safeParse(params.removal), itemId.safeParse(params.image)];
  const workspaceSlug = workspaceParams.shape.workspace.safeParse(params.workspace);
  if (!removalId.success || !imageId.success || !workspaceSlug.success)
    throw new DomainError("not_found", "There is no such image in Trash.");
  return { workspaceSlug: workspaceSlug.data, removalId: removalId.data, imageId: imageId.data };
}

/** What is said of an image that is sent. */
export const imageFacts = z
  .object({ name: fileName.default(""), split: split.optional(), label: label.optional() })
  .transform(({ name, split: given, label: text }) => ({
    fileName: name,
    split: given ?? null,
    label: noneWhenEmpty(text),
  }));

/** What browsers filter by: one tag, and a batch by its name. */
const found = { split: split.optional(), label: label.optional(), tag: label.optional(), batch: label.optional() };
const toFilter = <Found extends { tag?: string | undefined }>({ tag, ...filter }: Found) => ({
  ...filter,
  ...(tag === undefined ? {} : { tags: [tag] }),
});

const imageFilter = z.object({ ...found, unannotated: z.boolean().optional() }).transform(toFilter);

/** By id, or all that a filter finds; null for neither, or both. */
function chosen({
  imageIds,
  filter,
}: {
  imageIds?: string[] | undefined;
  filter?: z.output<typeof imageFilter> | undefined;
}): ImageSelection | null {
  if (imageIds) return filter ? null : { imageIds };
  return filter ? { filter } : null;
}

const neitherNorBoth = () => ({
  code: "custom" as const,
  path: ["images"],
  message: "give imageIds or filter, and not both",
});

export const imagesQuery = z
  .object({
    ...found,
    unannotated: z
      .literal("true")
      .transform(() => true)
      .optional(),
    cursor: itemId.optional(),
    offset: z.coerce.number().int().min(0).default(0),
    limit: z.coerce.number().int().min(1).max(IMAGES_PER_PAGE_MAX).default(100),
  })
  .transform(toFilter);

export const imagesChange = z
  .object({
    imageIds: z.array(itemId).max(IMAGES_PER_CALL_MAX).optional(),
    filter: imageFilter.optional(),
    label: label.nullable().optional(),
    split: split.optional(),
  })
  .transform(({ imageIds, filter, ...change }, { addIssue }) => {
    const images = chosen({ imageIds, filter });
    if (images) return { ...change, images };
    addIssue(neitherNorBoth());
    return z.NEVER;
  });

export const imagesRemoval = z
  .object({
    imageIds: z.array(itemId).min(1).max(IMAGES_PER_REMOVAL_MAX).optional(),
    filter: imageFilter.optional(),
    note: z.string().max(10_000).optional(),
  })
  .transform(({ note, ...which }, { addIssue }) => {
    const images = chosen(which);
    if (images) return { note, images };
    addIssue(neitherNorBoth());
    return z.NEVER;
  });

/** The most images that annotations may be matched with by their paths in one call. */
const PATHS_MAX = 20_000;

export const annotationFiles = z.object({
  files: z.array(z.object({ name: fileName, text: z.string() })).min(1),
  images: z
    .array(z.object({ id: itemId, name: fileName }))
    .max(PATHS_MAX)
    .optional(),
  overwrite: z.boolean().default(false),
});

export const newUpload = z.object({ contentType: z.string().max(200), sizeBytes: z.int().min(1) });

/** An image as browsers get it. */
export type BrowserImage = Omit<ReturnType<typeof presentImage>, "createdAt">;

export const presentImage = ({ split: of, projectId: _project, ...image }: ImageView) => ({
  ...image,
  split: NAME_OF_SPLIT[of],
});
