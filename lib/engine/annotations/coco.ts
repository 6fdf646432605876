import { z } from "zod";
import { type Collector, FileRefused } from "@/lib/engine/annotations/collector";
import type { AnnotatedImage } from "@/lib/engine/annotations/image-index";

/**
 * The SDK marks an image without boxes by one made-up annotation, so that its server takes the file for COCO at all:
 * this image id, no bbox. (roboflow-python 1.x, util/folderparser.py)
 */
const NO_IMAGE_ID = "999999999";

const id = z.union([z.string(), z.number()]).transform(String);
const side = z.number().optional().catch(undefined);
const cocoSchema = z.object({
  images: z.array(z.unknown()),
  annotations: z.array(z.unknown()),
  categories: z.array(z.unknown()).catch([]),
});
const categorySchema = z.object({ id, name: z.unknown() });
const imageSchema = z.object({ id, file_name: z.string(), width: side, height: side });
const annotationSchema = z.object({
  image_id: id,
  category_id: id,
  bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
});

/**
 * Takes the boxes of a COCO file: bbox is [x, y, width, height] in pixels from the top left corner; segmentations and
 * keypoints are left aside. Categories that nothing refers to, such as the supercategory that the hosted service's own
 * exports begin with, give nothing. (cocodataset.org, data format)
 */
export function readCoco(file: { name: string }, value: unknown, collector: Collector): void {
  const parsed = cocoSchema.safeParse(value);
  if (!parsed.success)
    throw isCreateMl(value)
      ? new FileRefused("unsupported_format", { format: "createml" })
      : new FileRefused("unknown_format");
  const coco = parsed.data;

  const classes = new Map<string, unknown>();
  for (const category of coco.categories) {
    const { data } = categorySchema.safeParse(category);
    if (data) classes.set(data.id, data.name);
  }

  // null: the image is not ours, which has been said once; its annotations need no further word.
  const images = new Map<string, AnnotatedImage | null>();
  coco.images.forEach((entry, index) => {
    const { data } = imageSchema.safeParse(entry);
    if (!data) return collector.report(file, "unknown_image", { image: "", index });
    const image = collector.find(file, { text: data.file_name, by: "name" }, coco.images.length > 1);
    images.set(data.id, image && collector.open(file, image, data) ? image : null);
  });

  coco.annotations.forEach((entry, index) => {
    const { data } = annotationSchema.safeParse(entry);
    if (!data) {
      if (!isMarkerOfNothing(entry)) collector.report(file, "bad_box", { index });
      return;
    }
    const image = images.get(data.image_id);
    if (image === undefined) return collector.report(file, "unknown_image", { image: data.image_id, index });
    if (image === null) return;
    if (!classes.has(data.category_id))
      return collector.report(file, "unknown_class", { class: data.category_id, image: image.name });
    const [left, top, width, height] = data.bbox;
    collector.add(file, image, classes.get(data.category_id), { left, top, right: left + width, bottom: top + height });
  });
}

function isMarkerOfNothing(entry: unknown): boolean {
  return z.object({ image_id: id }).safeParse(entry).data?.image_id === NO_IMAGE_ID;
}

function isCreateMl(value: unknown): boolean {
  return z
    .array(z.object({ image: z.string(), annotations: z.array(z.unknown()) }))
    .min(1)
    .safeParse(value).success;
}
