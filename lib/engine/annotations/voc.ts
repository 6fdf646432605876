import { XMLParser } from "fast-xml-parser";
import { z } from "zod";
import { type Collector, type Edges, FileRefused, type Reduction } from "@/lib/engine/annotations/collector";
import { foreignXml } from "@/lib/engine/annotations/foreign";
import { edgesOfRotated } from "@/lib/engine/annotations/shapes";

/** One image's objects; a tree of XML is many times larger than its text. In UTF-16 units. */
const LIMIT_BYTES = 5 * 1024 * 1024;

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  htmlEntities: true,
  maxNestedTags: 32,
  isArray: (tag) => tag === "object" || tag === "attribute",
});

const numeric = z.string().trim().min(1).transform(Number).pipe(z.number());
const side = numeric.optional().catch(undefined);
const text = z.string().optional().catch(undefined);
const vocSchema = z.object({
  annotation: z.preprocess(
    (value) => (value === "" ? {} : value),
    z.object({
      filename: text,
      size: z.object({ width: side, height: side }).nullish().catch(null),
      object: z.array(z.unknown()).default([]),
    }),
  ),
});
const boxSchema = z.object({ xmin: numeric, ymin: numeric, xmax: numeric, ymax: numeric });
/** roLabelImg's: the angle is in radians. */
const rotatedSchema = z.object({ cx: numeric, cy: numeric, w: numeric, h: numeric, angle: numeric });
const objectSchema = z.object({
  name: z.string(),
  bndbox: boxSchema.optional().catch(undefined),
  robndbox: rotatedSchema.optional().catch(undefined),
  polygon: z.looseObject({}).optional().catch(undefined),
  attributes: z
    .object({ attribute: z.array(z.object({ name: z.string(), value: z.string() })) })
    .optional()
    .catch(undefined),
});
type VocObject = z.output<typeof objectSchema>;

/** null: there is no box. */
function toObject({ bndbox, robndbox, polygon, attributes }: VocObject): {
  edges: Edges;
  reduction: Reduction | null;
} | null {
  if (robndbox) {
    const { cx, cy, w, h, angle } = robndbox;
    const edges = { left: cx - w / 2, top: cy - h / 2, right: cx + w / 2, bottom: cy + h / 2 };
    return { edges: edgesOfRotated(edges, (angle * 180) / Math.PI), reduction: "rotated_reduced" };
  }
  if (!bndbox) return null;
  const { xmin, ymin, xmax, ymax } = bndbox;
  const edges = { left: xmin - 1, top: ymin - 1, right: xmax, bottom: ymax };
  const said = attributes?.attribute.find(({ name }) => name === "rotation")?.value;
  const rotation = Number(said ?? 0) % 180; // as CVAT writes it, in degrees
  if (rotation !== 0 && Number.isFinite(rotation))
    return { edges: edgesOfRotated(edges, rotation), reduction: "rotated_reduced" };
  return { edges, reduction: polygon ? "polygon_reduced" : null };
}

/**
 * Takes the boxes of a Pascal VOC file, of the image that <filename> names, or else the one that is called as the file is.
 * Pixels are counted from 1 and the last one belongs to the box (VOC2011 development kit, 4.3): a box over the whole
 * image is 1, 1, width, height. Files that count from 0 lose nothing by it: they are clipped by a pixel. Of what stands askew
 * (roLabelImg's robndbox, CVAT's attribute "rotation") the box around it is taken.
 */
export function readVoc(file: { name: string; text: string }, collector: Collector): void {
  const parsed = vocSchema.safeParse(parseXml(file.text));
  if (!parsed.success) {
    const format = foreignXml(file.text);
    throw format === null ? new FileRefused("unknown_format") : new FileRefused("unsupported_format", { format });
  }
  const { filename, size, object } = parsed.data.annotation;

  const named = { text: filename ?? file.name, by: "name" } as const;
  const called = { text: file.name, by: "stem" } as const;
  const image = collector.find(file, !collector.knows(file, named) && collector.knows(file, called) ? called : named);
  if (!image || !collector.open(file, image, size ?? null)) return;
  object.forEach((entry, index) => {
    const { data } = objectSchema.safeParse(entry);
    const box = data && toObject(data);
    if (!box) return collector.report(file, "bad_box", { image: image.name, index });
    collector.add(file, image, data.name, box.edges, box.reduction);
  });
}

function parseXml(xml: string): unknown {
  if (xml.length > LIMIT_BYTES) throw new FileRefused("too_large", { limitBytes: LIMIT_BYTES });
  // Entities of one's own are what XML bombs are made of, and no annotation needs them.
  if (/<!(?:DOCTYPE|ENTITY)/i.test(xml)) throw new FileRefused("unreadable", { format: "xml" });
  try {
    return parser.parse(xml, true);
  } catch (error) {
    throw new FileRefused("unreadable", { format: "xml" }, { cause: error });
  }
}
