/** An image that annotations may speak of: `name` may carry folders; width and height in pixels of the oriented image. */
export interface AnnotatedImage {
  id: string;
  name: string;
  width: number;
  height: number;
}

/** What a file calls an image: compared as a whole ("name") or without regard to either's extension ("stem"). */
export interface Reference {
  text: string;
  by: "name" | "stem";
}

/** Folders that part a dataset by kind of file: `train/labels/1.txt` speaks of `train/images/1.jpg`. */
const KIND_FOLDERS = new Set(["images", "labels", "annotations"]);

/**
 * Finds images by the names that annotation files use for them, which were true on somebody else's disk: compared by the
 * last part only, without regard to case, Unicode form or kind of slash. Folders count where several images share a name.
 * "sole": every name means the only image, unless the file speaks of many.
 */
export class ImageIndex {
  private readonly byName = new Map<string, AnnotatedImage[]>();
  private readonly byStem = new Map<string, AnnotatedImage[]>();

  constructor(
    images: readonly AnnotatedImage[],
    private readonly mode: "sole" | "many" = "many",
  ) {
    for (const image of images) {
      const { folder, base } = split(image.name);
      put(this.byName, base, folder, image);
      put(this.byStem, stem(base), folder, image);
    }
  }

  /** The image that the file called `file` means. `ofMany`: it speaks of more than one image. */
  find({ text, by }: Reference, file: string, ofMany: boolean): AnnotatedImage | "unknown_image" | "ambiguous_image" {
    const sole = this.byName.values().next().value?.[0];
    if (this.mode === "sole" && !ofMany && sole) return sole;
    const images = by === "name" ? this.byName : this.byStem;
    const { folder, base } = split(text);
    const key = by === "name" ? base : stem(base);
    const named = images.get(key) ?? [];
    if (named[0] === undefined) return "unknown_image";
    if (named.length === 1) return named[0];
    const beside = split(file).folder;
    for (const place of [join(beside, folder), folder]) {
      const [first, second] = images.get(`${place}/${key}`) ?? [];
      if (first && !second) return first;
    }
    return "ambiguous_image";
  }
}

/** The folder of a path in the form that paths are compared in, without the folders that only part by kind. */
function split(path: string): { folder: string; base: string } {
  const parts = path
    .normalize("NFC")
    .toLowerCase()
    .split(/[/\\]/)
    .filter((part) => part !== "" && part !== "." && part !== "..");
  const base = parts.pop() ?? "";
  return { folder: parts.filter((part) => !KIND_FOLDERS.has(part)).join("/"), base };
}

/** A base name without its extension. */
function stem(base: string): string {
  return base.replace(/(?<=.)\.[^.]*$/, "");
}

function join(first: string, second: string): string {
  return first === "" || second === "" ? first + second : `${first}/${second}`;
}

/** Under its base name alone (no slash in it) and under folder and base name (always with a slash). */
function put(index: Map<string, AnnotatedImage[]>, base: string, folder: string, image: AnnotatedImage): void {
  for (const key of [base, `${folder}/${base}`]) {
    const images = index.get(key);
    if (images) images.push(image);
    else index.set(key, [image]);
  }
}
