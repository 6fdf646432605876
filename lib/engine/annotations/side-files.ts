/*
 * Files that lie beside labels and are none: they name classes, list images, or tell people about the data set. Known by name,
 * so that whoever sends files in parts can tell which go with each part. Imports nothing: a page in the browser has it, too.
 */

/**
 * What tools call the file of the class names, the one to believe first where a folder has several: Ultralytics and Roboflow
 * (data.yaml, coco8.yaml), Darknet and CVAT (obj.names), LabelImg and Label Studio (classes.txt), Roboflow's Darknet
 * (_darknet.labels) and YOLOv4 (_classes.txt), Label Studio (notes.json), makesense and PaddleX (labels.txt), PaddleDetection
 * (label_list.txt), LabelImg's own settings (predefined_classes.txt).
 */
const CLASS_NAMES: readonly RegExp[] = [
  /\.ya?ml$/,
  /\.names$/,
  /^_?classes\.txt$/,
  /\.labels$/,
  /^notes\.json$/,
  /^(labels|label_list|class_names)\.txt$/,
  /^predefined_classes\.txt$/,
];

const baseOf = (path: string): string => path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);

/** How far down the list of class names' files this one is, from 0; null: it is none. */
export function rankOfClassNames(path: string): number | null {
  const base = baseOf(path).toLowerCase();
  const rank = CLASS_NAMES.findIndex((pattern) => pattern.test(base));
  return rank < 0 ? null : rank;
}

/** Whether the file names classes rather than objects, by its own name. */
export const namesClasses = (path: string): boolean => rankOfClassNames(path) !== null;

/** Where Pascal VOC keeps its lists of images. */
const VOC_LISTS = /(^|[/\\])imagesets[/\\]/i;
const IMAGE_PATH = /\.(jpe?g|jpe|jfif|png|webp|bmp|tiff?|gif|avif|heic|heif)$/i;

/** Whether a path ends as an image's does. */
export const isImagePath = (path: string): boolean => IMAGE_PATH.test(path);

/** Whether the text is a list of images, one a line, as Darknet's train.txt and Pascal VOC's ImageSets are. */
export function listsImages({ name, text }: { name: string; text: string }): boolean {
  if (!/\.txt$/i.test(name)) return false;
  if (VOC_LISTS.test(name)) return true;
  let images = 0;
  for (const [line] of text.matchAll(/[^\r\n]+/g)) {
    if (line.trim() === "") continue;
    if (!isImagePath(line.trim())) return false;
    images += 1;
  }
  return images > 0;
}

/**
 * Whether the file says nothing of classes or objects: a README, Darknet's obj.data (where its lists lie), CVAT's labelmap.txt
 * (colours of masks).
 */
export const saysNothing = (path: string): boolean =>
  /^(readme.*\.txt|.+\.data|labelmap\.txt)$/.test(baseOf(path).toLowerCase());
