import { XMLParser } from "fast-xml-parser";
import { z } from "zod";
import { type Collector, FileRefused } from "@/lib/engine/annotations/collector";

/** One image's objects; a tree of XML is many times larger than its text. In UTF-16 units. */
const LIMIT_BYTES = 5 * 1024 * 1024;

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  htmlEntities: true,
  maxNestedTags: 32,
  isArray: (tag) => tag === "object",
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
const objectSchema = z.object({
  name: z.string(),
  bndbox: z.object({ xmin: numeric, ymin: numeric, xmax: numeric, ymax: numeric }),
});

/**
 * Takes the boxes of a Pascal VOC file, of the image that <filename> names, or else the one that is called as the file is.
 * Pixels are counted from 1 and the last one belongs to the box (VOC2011 development kit, 4.3): a box over the whole
 * image is 1, 1, width, height. Files that count from 0 lose nothing by it: they are clipped by a pixel.
 */
export function readVoc(file: { name: string; text: string }, collector: Collector): void {
  const parsed = vocSchema.safeParse(parseXml(file.text));
  if (!parsed.success) throw new FileRefused("unknown_format");
  const { filename, size, object } = parsed.data.annotation;

  const named = { text: filename ?? file.name, by: "name" } as const;
  const called = { text: file.name, by: "stem" } as const;
  const image = collector.find(file, !collector.knows(file, named) && collector.knows(file, called) ? called : named);
  if (!image || !collector.open(file, image, size ?? null)) return;
  object.forEach((entry, index) => {
    const { data } = objectSchema.safeParse(entry);
    if (!data) return collector.report(file, "bad_box", { image: image.name, index });
    const { xmin, ymin, xmax, ymax } = data.bndbox;
    collector.add(file, image, data.name, { left: xmin - 1, top: ymin - 1, right: xmax, bottom: ymax });
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
