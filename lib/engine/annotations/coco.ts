import { z } from "zod";
import { type Collector, type Edges, FileRefused, type Reduction } from "@/lib/engine/annotations/collector";
import { foreignJson } from "@/lib/engine/annotations/foreign";
import type { AnnotatedImage } from "@/lib/engine/annotations/image-index";
import { edgesOfMask } from "@/lib/engine/annotations/rle";
import { edgesAround, edgesOfRotated, type Point, tellOutline } from "@/lib/engine/annotations/shapes";

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
const polygon = z.array(z.number()).refine((numbers) => numbers.length >= 6 && numbers.length % 2 === 0);
const maskSchema = z.object({
  counts: z.union([z.array(z.number()), z.string()]),
  size: z.tuple([z.int().positive(), z.int().positive()]),
});
const annotationSchema = z.object({
  image_id: id,
  category_id: id,
  bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]).nullable().catch(null),
  segmentation: z
    .union([z.array(polygon).nonempty(), polygon.transform((numbers) => [numbers]), maskSchema])
    .nullable()
    .catch(null),
  num_keypoints: z.number().optional().catch(undefined),
  keypoints: z.array(z.number()).optional().catch(undefined),
  attributes: z.object({ rotation: z.number().optional() }).optional().catch(undefined),
});
type Annotation = z.output<typeof annotationSchema>;

/**
 * Takes the boxes of a COCO file: bbox is [x, y, width, height] in pixels from the top left corner; where there is none, the
 * box around the segmentation, polygons or a mask (RLE, packed or not). What is more than a box is told: segmentations,
 * keypoints, and the rotation that CVAT writes as an attribute, of which the box around is taken. Categories that nothing
 * refers to, such as the supercategory that the hosted service's own exports begin with, give nothing. (cocodataset.org, data
 * format)
 */
export function readCoco(file: { name: string }, value: unknown, collector: Collector): void {
  const parsed = cocoSchema.safeParse(value);
  if (!parsed.success) {
    const format = foreignJson(value);
    throw format === null ? new FileRefused("unknown_format") : new FileRefused("unsupported_format", { format });
  }
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
    const image = data && images.get(data.image_id);
    if (image === null) return;
    const object = data && toObject(data, image);
    if (!data || !object) {
      if (!isMarkerOfNothing(entry)) collector.report(file, "bad_box", { index });
      return;
    }
    if (image === undefined) return collector.report(file, "unknown_image", { image: data.image_id, index });
    if (!classes.has(data.category_id))
      return collector.report(file, "unknown_class", { class: data.category_id, image: image.name });
    collector.add(file, image, classes.get(data.category_id), object.edges, object.reduction);
  });
}

/** null: there is neither a box nor anything to draw one around. */
function toObject(
  annotation: Annotation,
  image: AnnotatedImage | undefined,
): { edges: Edges; reduction: Reduction | null } | null {
  const { bbox, segmentation } = annotation;
  const outlines = Array.isArray(segmentation) ? segmentation.map(toPoints) : null;
  const mask = segmentation && !Array.isArray(segmentation) ? segmentation : null;
  const reduction: Reduction | null =
    (annotation.num_keypoints ?? annotation.keypoints?.length ?? 0) > 0
      ? "keypoints_dropped"
      : outlines
        ? reductionOf(outlines)
        : mask
          ? "polygon_reduced"
          : null;
  if (bbox && (!segmentation || (bbox[2] > 0 && bbox[3] > 0))) {
    const [left, top, width, height] = bbox;
    const edges = { left, top, right: left + width, bottom: top + height };
    const rotation = (annotation.attributes?.rotation ?? 0) % 180;
    return rotation === 0
      ? { edges, reduction }
      : { edges: edgesOfRotated(edges, rotation), reduction: rotation % 90 === 0 ? reduction : "rotated_reduced" };
  }
  if (outlines) return { edges: edgesAround(outlines.flat()), reduction };
  if (!mask || (image && (mask.size[0] !== image.height || mask.size[1] !== image.width))) return null;
  const edges = edgesOfMask(mask);
  return edges && { edges, reduction };
}

const toPoints = (numbers: readonly number[]): Point[] =>
  Array.from({ length: numbers.length / 2 }, (_, at): Point => [numbers[2 * at]!, numbers[2 * at + 1]!]);

function reductionOf(outlines: readonly Point[][]): Reduction | null {
  const outline = outlines.length === 1 ? tellOutline(outlines[0]!) : "polygon";
  return outline === "box" ? null : `${outline}_reduced`;
}

function isMarkerOfNothing(entry: unknown): boolean {
  return z.object({ image_id: id }).safeParse(entry).data?.image_id === NO_IMAGE_ID;
}
