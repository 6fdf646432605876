import { availableParallelism } from "node:os";
import { augment } from "@/lib/engine/augment";
import type { Box } from "@/lib/engine/boxes";
import { readHeader, readSource } from "@/lib/engine/decode";
import { moveTracks, readBoxes, toStored, trackBoxes } from "@/lib/engine/geometry";
import { openPixels, readPixels, type Pixels } from "@/lib/engine/pixels";
import type { PlannedOutput, VersionSettings } from "@/lib/engine/plan";
import { chooseRegion, preprocess, type Scene, type View } from "@/lib/engine/preprocess";
import { derive } from "@/lib/engine/random";
import type { Preprocessing } from "@/lib/engine/settings";

export { ImageDecodeError, inspectImage, MAX_SOURCE_PIXELS, type ImageNote } from "@/lib/engine/decode";
export { makePng, makeThumbnail } from "@/lib/engine/thumbnail";

/**
 * How many source images the caller renders at once: sharp works on one thread an image, outside of JavaScript's, so this
 * many keep every core busy while one more is read or written. Memory grows with it.
 */
export const RENDERS_IN_FLIGHT = availableParallelism() + 1;

const JPEG_QUALITY = 90;

/** One file of a version. */
export interface RenderedOutput {
  output: PlannedOutput;
  bytes: Buffer;
  width: number;
  height: number;
  /** in this file's pixels */
  boxes: Box[];
}

/**
 * Renders the planned outputs of one source image one after another, in the order given; `image.boxes` are in pixels of
 * the image as people see it, and follow every step. A pure function: the same source, image, settings and output give the
 * same bytes whichever other outputs are asked for, with the same sharp on the same kind of processor.
 *
 * The source is read once for all outputs (with tiles: once, and each tile then resized once). JPEG (quality 90, 4:4:4)
 * where the path says so, else PNG; the file holds pixels only, no date and nothing of the source's metadata. Transparency
 * is laid on black; an animation gives its first frame, a file of several pages the first. Grey images have one channel. Without auto-orient the pixels stay
 * as they are stored, and the boxes are turned to lie on them.
 *
 * Throws ImageDecodeError for bytes that inspectImage would refuse. See `augment` and `preprocess` for the steps.
 */
export async function* renderOutputs(
  source: Buffer,
  image: { id: string; boxes: readonly Box[] },
  outputs: readonly PlannedOutput[],
  settings: Pick<VersionSettings, "preprocessing" | "augmentation" | "seed">,
): AsyncGenerator<RenderedOutput, void> {
  const { preprocessing, augmentation, seed } = settings;
  const view = await openView(source, image.boxes, preprocessing);
  let latest: { tile: PlannedOutput["tile"]; scene: Scene } | undefined;
  for (const output of outputs) {
    const { tile } = output;
    if (latest === undefined || latest.tile?.row !== tile?.row || latest.tile?.column !== tile?.column) {
      latest = { tile, scene: await preprocess(view, chooseRegion(view.size, preprocessing, tile), preprocessing) };
    }
    const { scene } = latest;
    const { pixels, tracks } = output.augmented
      ? await augment(scene, augmentation, (purpose) => derive(seed, image.id, output.output, purpose))
      : scene;
    const { width, height } = pixels;
    yield {
      output,
      bytes: await encode(pixels, output.path),
      width,
      height,
      boxes: readBoxes(tracks, { width, height }),
    };
  }
}

async function openView(source: Buffer, boxes: readonly Box[], preprocessing: Preprocessing): Promise<View> {
  const { orientation, ...seen } = await readHeader(source);
  const upright = preprocessing["auto-orient"] === true;
  const size =
    upright || orientation < 5
      ? { width: seen.width, height: seen.height }
      : { width: seen.height, height: seen.width };
  const tracks = trackBoxes(boxes, seen);
  const placed = upright ? tracks : moveTracks(tracks, toStored(orientation, seen), size);
  if (preprocessing.tile === undefined)
    return { read: (pipeline) => readSource(source, upright, pipeline), size, tracks: placed };
  const pixels = await readSource(source, upright, readPixels);
  return { read: (pipeline) => pipeline(openPixels(pixels)), size, tracks: placed };
}

function encode(pixels: Pixels, path: string): Promise<Buffer> {
  const image = openPixels(pixels);
  return path.endsWith(".jpg")
    ? image.jpeg({ quality: JPEG_QUALITY, chromaSubsampling: "4:4:4" }).toBuffer()
    : image.png({ compressionLevel: 6, adaptiveFiltering: false, palette: false }).toBuffer();
}
