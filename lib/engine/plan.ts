import type { Box } from "@/lib/engine/boxes";
import { derive } from "@/lib/engine/random";
import type { Augmentation, Preprocessing, SplitPercents } from "@/lib/engine/settings";
import { type Split, SPLITS } from "@/lib/engine/splits";

/** An image of a project as a version begins with it. Without a label and without a box it is a null image. */
export interface SourceImage {
  id: string;
  split: Split;
  label: string | null;
  boxes: readonly Box[];
}

/** Everything that decides what a version's files are, beside the source images themselves. */
export interface VersionSettings {
  preprocessing: Preprocessing;
  augmentation: Augmentation;
  /** null keeps each image in the split that it has. */
  splits: SplitPercents | null;
  /** 0 to 2147483647 */
  seed: number;
}

/** One file that a version will have. `output` numbers the outputs of one source image from 0. */
export interface PlannedOutput {
  sourceImageId: string;
  split: Split;
  output: number;
  /** `<split>/<sourceImageId>-<output>.<jpg|png>`, relative to where the version's images are put */
  path: string;
  /** Which tile of the source it shows, both from 0; null without the setting `tile`. */
  tile: { row: number; column: number } | null;
  /** True when the augmentation applies to it. */
  augmented: boolean;
}

/**
 * The images that a version is made of, in the order of their ids: classes renamed (`remap`), null images left out
 * (`filter-null`), splits dealt anew. Depends on nothing but its arguments, and not on the order of `images`.
 *
 * The sizes of the splits differ from the percentages by less than one image each (largest remainder; of equal
 * remainders train comes first, then valid). Who goes where: seed and id give each image a place in one order for good, of
 * which train has the beginning, valid what comes next, test the end. So with the same seed and percentages the same images
 * are dealt the same; when some come or go, the others keep their order, and only those at the two cuts change to the
 * neighbouring split: at each cut at most one more than came or went, in the mean about as many as the square root of that.
 * A test image comes to train only by crossing all of valid.
 */
export function planSources(images: readonly SourceImage[], settings: VersionSettings): SourceImage[] {
  const { preprocessing, splits, seed } = settings;
  const kept = filterNull(
    images.map((image) => remap(image, preprocessing)),
    preprocessing,
    seed,
  );
  return (splits === null ? kept : deal(kept, splits, seed)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function remap(image: SourceImage, { remap: names }: Preprocessing): SourceImage {
  if (names === undefined) return image;
  const renamed = (label: string) => (Object.hasOwn(names, label) ? (names[label] ?? label) : label);
  return {
    ...image,
    label: image.label === null ? null : renamed(image.label),
    boxes: image.boxes.map((box) => ({ ...box, label: renamed(box.label) })),
  };
}

/** As few null images as possible go; all of them when nothing at all is marked. */
function filterNull(images: SourceImage[], { "filter-null": filter }: Preprocessing, seed: number): SourceImage[] {
  if (filter === undefined || filter.percent === 0) return images;
  const marked = images.filter(({ label, boxes }) => label !== null || boxes.length > 0);
  const empty = images.filter(({ label, boxes }) => label === null && boxes.length === 0);
  const room = Math.floor((marked.length * (100 - filter.percent)) / filter.percent);
  return [...marked, ...shuffle(empty, seed, "filter-null").slice(0, room)];
}

function deal(images: SourceImage[], percents: SplitPercents, seed: number): SourceImage[] {
  const sizes = apportion(images.length, percents);
  const shuffled = shuffle(images, seed, "split");
  let start = 0;
  return SPLITS.flatMap((split) => {
    const dealt = shuffled.slice(start, start + sizes[split]).map((image) => ({ ...image, split }));
    start += sizes[split];
    return dealt;
  });
}

function apportion(count: number, percents: SplitPercents): Record<Split, number> {
  const sizes = { train: 0, valid: 0, test: 0 };
  for (const split of SPLITS) sizes[split] = Math.floor((count * percents[split]) / 100);
  const missing = count - sizes.train - sizes.valid - sizes.test;
  const byRemainder = SPLITS.toSorted((a, b) => ((count * percents[b]) % 100) - ((count * percents[a]) % 100));
  for (const split of byRemainder.slice(0, missing)) sizes[split] += 1;
  return sizes;
}

/** An order that depends on the seed and the ids only. */
function shuffle(images: SourceImage[], seed: number, purpose: string): SourceImage[] {
  return images
    .map((image) => ({ image, rank: derive(seed, purpose, image.id).uint32() }))
    .sort((a, b) => a.rank - b.rank || (a.image.id < b.image.id ? -1 : 1))
    .map(({ image }) => image);
}

/**
 * The outputs of one image, tile by tile (rows first). A training image, or each of its tiles, gives `image.versions`
 * outputs (default 1), every one augmented, as the hosted service describes its own ("applied to create N versions of
 * each source image"); an image of valid or test, and a training image when no augmentation step is set, gives exactly
 * one, preprocessed only, because further ones would be the same file again. A JPEG gives JPEGs, everything else PNGs.
 */
export function planOutputs(
  { id, split, contentType }: { id: string; split: Split; contentType: string },
  { preprocessing, augmentation }: Pick<VersionSettings, "preprocessing" | "augmentation">,
): PlannedOutput[] {
  const augmented = split === "train" && hasSteps(augmentation);
  const extension = contentType === "image/jpeg" ? "jpg" : "png";
  const outputs: PlannedOutput[] = [];
  for (const tile of listTiles(preprocessing)) {
    for (let version = 0; version < versionsOf(split, augmentation); version++) {
      const output = outputs.length;
      outputs.push({
        sourceImageId: id,
        split,
        output,
        path: `${split}/${id}-${output}.${extension}`,
        tile,
        augmented,
      });
    }
  }
  return outputs;
}

/** How many outputs `planOutputs` gives for so many images of each split: what a version will count against a quota. */
export function countOutputs(
  images: Record<Split, number>,
  { preprocessing, augmentation }: Pick<VersionSettings, "preprocessing" | "augmentation">,
): Record<Split, number> {
  const tiles = listTiles(preprocessing).length;
  const count = (split: Split) => images[split] * tiles * versionsOf(split, augmentation);
  return { train: count("train"), valid: count("valid"), test: count("test") };
}

function listTiles({ tile }: Preprocessing): PlannedOutput["tile"][] {
  if (tile === undefined) return [null];
  return Array.from({ length: tile.rows * tile.columns }, (_, index) => ({
    row: Math.floor(index / tile.columns),
    column: index % tile.columns,
  }));
}

function versionsOf(split: Split, augmentation: Augmentation): number {
  return split === "train" && hasSteps(augmentation) ? (augmentation.image?.versions ?? 1) : 1;
}

function hasSteps({ image: _image, ...steps }: Augmentation): boolean {
  return Object.values(steps).some((step) => step !== undefined);
}
