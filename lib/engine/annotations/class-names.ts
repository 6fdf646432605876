import { parse } from "yaml";
import { z } from "zod";
import { type Collector, FileRefused } from "@/lib/engine/annotations/collector";
import { parseJson } from "@/lib/engine/annotations/json";
import { rankOfClassNames } from "@/lib/engine/annotations/side-files";

/** Class names by index, the index as written in decimal. */
export type ClassNames = ReadonlyMap<string, string>;

/** What a file of class names says of the labels under its folder. */
export interface LabelFacts {
  names: ClassNames;
  /** How many points objects have, and numbers a point; null where it says nothing of points. */
  keypoints: { count: number; dimensions: 2 | 3 } | null;
}

/** A list of names; in UTF-16 units. */
const NAMES_LIMIT_BYTES = 256 * 1024;

interface TextFile {
  name: string;
  text: string;
}

/**
 * The class names that files bring, by the folder that each lies in. Of several in one folder the first by rank
 * (`rankOfClassNames`) counts; that another says otherwise is told.
 */
export class NameLists {
  private readonly byFolder = new Map<string, { file: TextFile; rank: number; facts: LabelFacts }>();

  constructor(private readonly collector: Collector) {}

  /** Throws FileRefused. */
  add(file: TextFile): void {
    const rank = rankOfClassNames(file.name) ?? Infinity;
    const facts = readFacts(file);
    const folder = folderOf(file.name);
    const there = this.byFolder.get(folder);
    const [first, second] = there && there.rank <= rank ? [there.file, file] : [file, there?.file];
    if (there && second && !sameNames(there.facts.names, facts.names))
      this.collector.report(second, "names_differ", { by: first.name });
    if (!there || rank < there.rank) this.byFolder.set(folder, { file, rank, facts });
  }

  /** What holds for a file: the list in its folder or the nearest one above; if there is but one at all, that. */
  of(file: string): LabelFacts | null {
    for (let folder = folderOf(file); ; folder = folderOf(folder)) {
      const found = this.byFolder.get(folder);
      if (found) return found.facts;
      if (folder === "") break;
    }
    const [only, other] = this.byFolder.values();
    return only && !other ? only.facts : null;
  }
}

/** The class names of a file of them. Throws FileRefused. */
export const readClassNames = (file: TextFile): ClassNames => readFacts(file).names;

function readFacts({ name, text }: TextFile): LabelFacts {
  if (text.length > NAMES_LIMIT_BYTES) throw new FileRefused("too_large", { limitBytes: NAMES_LIMIT_BYTES });
  if (/\.ya?ml$/i.test(name)) return parseDataYaml(text);
  const names = /\.json$/i.test(name) ? parseNotes(text) : parseLines(text);
  return { names, keypoints: null };
}

/** `names` as a list or as a map from index to name. The failsafe schema keeps every name the text it is: no, 007, null. */
function parseDataYaml(text: string): LabelFacts {
  let value: unknown;
  try {
    // Without uniqueKeys each key is not compared with all before it, which takes minutes for a long map.
    value = parse(text, { uniqueKeys: false, schema: "failsafe", maxAliasCount: 0, mapAsMap: true, logLevel: "error" });
  } catch (error) {
    throw new FileRefused("unreadable", { format: "yaml" }, { cause: error });
  }
  const names =
    value instanceof Map
      ? z.union([z.array(z.string()), z.map(z.string(), z.string())]).safeParse(value.get("names"))
      : null;
  if (!names?.success) throw new FileRefused("unknown_format");
  return {
    names: names.data instanceof Map ? names.data : byIndex(names.data),
    keypoints: readShape((value as Map<unknown, unknown>).get("kpt_shape")),
  };
}

/** Ultralytics' kpt_shape: [how many points, numbers a point]. */
function readShape(value: unknown): LabelFacts["keypoints"] {
  const { data } = z.tuple([z.string().regex(/^[1-9]\d{0,3}$/), z.enum(["2", "3"])]).safeParse(value);
  return data ? { count: Number(data[0]), dimensions: data[1] === "2" ? 2 : 3 } : null;
}

const notesSchema = z.object({
  categories: z.array(z.object({ id: z.int().min(0), name: z.union([z.string(), z.number()]).transform(String) })),
});

/** Label Studio's notes.json. */
function parseNotes(text: string): ClassNames {
  const { data } = notesSchema.safeParse(parseJson(text));
  if (!data) throw new FileRefused("unknown_format");
  return new Map(data.categories.map(({ id, name }) => [String(id), name]));
}

/** A name a line; the empty ones at the end are none. */
function parseLines(text: string): ClassNames {
  const lines = text.split(/\r\n|\r|\n/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  return byIndex(lines);
}

function byIndex(names: readonly string[]): ClassNames {
  return new Map(names.map((name, index) => [String(index), name]));
}

function sameNames(some: ClassNames, others: ClassNames): boolean {
  return some.size === others.size && [...some].every(([index, name]) => others.get(index)?.trim() === name.trim());
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"), 0));
}
