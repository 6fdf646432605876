import { z } from "zod";
import type { AnnotationFile } from "@/lib/engine/annotations/annotations";
import { readClassNames } from "@/lib/engine/annotations/class-names";
import { FileRefused, labelOf } from "@/lib/engine/annotations/collector";
import { parseJson } from "@/lib/engine/annotations/json";
import { namesClasses } from "@/lib/engine/annotations/side-files";

const id = z.union([z.string(), z.number()]).transform(String);
const cocoSchema = z.object({
  categories: z.array(z.object({ id, name: z.unknown(), supercategory: z.unknown() })),
  annotations: z.array(z.object({ category_id: id }).nullable().catch(null)),
});

/** Gathers in which order the files of a dataset name its classes, whether images have them or not. */
export class ClassOrder {
  private readonly names = new Set<string>();

  /**
   * Takes what a file says: data.yaml or a list of names by index, COCO by the ids of its categories; others say nothing. Names are as
   * annotations give them; of two that are the same the first counts. What cannot be read is for whoever reads the boxes.
   */
  read({ name, text }: AnnotationFile): void {
    const file = { name, text: text.startsWith("\uFEFF") ? text.slice(1) : text };
    try {
      if (namesClasses(name)) this.readNames(file);
      else if (/\.json$/i.test(name)) this.readCoco(file.text);
    } catch (error) {
      if (!(error instanceof FileRefused)) throw error;
    }
  }

  /** In order, and after them those of `used` that no file names, in the order of their characters, numbers by their size. */
  list(used: Iterable<string>): string[] {
    const others = [...used].filter((name) => !this.names.has(name));
    return [...this.names, ...new Set(others.sort(byNumberThenText))];
  }

  private add(value: unknown): void {
    const label = labelOf(value);
    if (label !== null) this.names.add(label);
  }

  private readNames(file: AnnotationFile): void {
    for (const [, name] of [...readClassNames(file)].sort(([a], [b]) => Number(a) - Number(b))) this.add(name);
  }

  /** Without what stands above others and is on no image, such as the first category of the hosted service's own exports. */
  private readCoco(text: string): void {
    const parsed = cocoSchema.safeParse(parseJson(text));
    if (!parsed.success) return;
    const { categories, annotations } = parsed.data;
    const used = new Set(annotations.map((one) => one?.category_id));
    const above = new Set(categories.map(({ supercategory }) => supercategory));
    const listed = categories.filter(({ id: own, name }) => used.has(own) || !above.has(name));
    const byId = listed.map((category, place) => ({ ...category, place }));
    byId.sort((a, b) => Number(a.id) - Number(b.id) || a.place - b.place);
    for (const { name } of byId) this.add(name);
  }
}

const WHOLE = /^\d{1,15}$/;

function byNumberThenText(a: string, b: string): number {
  if (WHOLE.test(a) && WHOLE.test(b)) return Number(a) - Number(b);
  return a < b ? -1 : 1;
}
