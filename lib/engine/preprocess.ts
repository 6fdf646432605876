import type { Sharp } from "sharp";
import { adjustContrast } from "@/lib/engine/contrast";
import { chain, IDENTITY, type Matrix, moveTracks, type Size, toStored, type Track } from "@/lib/engine/geometry";
import { cut, openPixels, readPixels, type Pixels, type Region } from "@/lib/engine/pixels";
import type { PlannedOutput } from "@/lib/engine/plan";
import type { Preprocessing } from "@/lib/engine/settings";

/** libvips has an end somewhat above; only what is thousands of times as long as wide gets there, and loses its proportions. */
const MOST_SCALED_PX = 10_000_000;

/** An image's pixels and its boxes, which lie on them. */
export interface Scene {
  pixels: Pixels;
  tracks: Track[];
}

/** A source image as preprocessing begins with it: turned upright, or as it is stored. */
export interface View {
  /**
   * Runs a pipeline on the image; its pixels are not read before, and for a JPEG that shrinks most of them never are. Perhaps
   * twice, for a file that is damaged. Throws ImageDecodeError.
   */
  read(pipeline: (image: Sharp) => Promise<Pixels>): Promise<Pixels>;
  size: Size;
  tracks: readonly Track[];
}

/** The part of an image that an output shows: what static-crop leaves, and of that one tile. At least one pixel a side. */
export function chooseRegion(
  { width, height }: Size,
  { "static-crop": crop, tile: grid }: Preprocessing,
  tile: PlannedOutput["tile"],
): Region {
  const [left, right] = crop === undefined ? [0, width] : part(width, crop.x_min / 100, crop.x_max / 100);
  const [top, bottom] = crop === undefined ? [0, height] : part(height, crop.y_min / 100, crop.y_max / 100);
  if (tile === null || grid === undefined) return { left, top, width: right - left, height: bottom - top };
  const [from, to] = part(right - left, tile.column / grid.columns, (tile.column + 1) / grid.columns);
  const [above, below] = part(bottom - top, tile.row / grid.rows, (tile.row + 1) / grid.rows);
  return { left: left + from, top: top + above, width: to - from, height: below - above };
}

function part(length: number, from: number, to: number): [start: number, end: number] {
  const start = Math.min(Math.round(length * from), length - 1);
  return [start, Math.max(start + 1, Math.round(length * to))];
}

/**
 * Where an image as people see it, of that size and EXIF orientation, comes to lie in its output, for settings without tiles:
 * a matrix without rotation but for quarter turns.
 */
export function findPlace(seen: Size, orientation: number, settings: Preprocessing): Matrix {
  const upright = settings["auto-orient"] === true;
  const size = upright || orientation < 5 ? seen : { width: seen.height, height: seen.width };
  const region = chooseRegion(size, settings, null);
  const { scaled, frame } = fit(region, settings);
  const scale = { ...IDENTITY, a: scaled.width / region.width, d: scaled.height / region.height };
  return [
    { ...IDENTITY, e: -region.left, f: -region.top },
    { ...scale, e: -frame.left, f: -frame.top },
  ].reduce(chain, upright ? IDENTITY : toStored(orientation, seen));
}

/**
 * The steps from the region on: resize, grayscale, contrast. Edges that a resize adds come last, so that contrast does not
 * take them for a part of the image. Throws ImageDecodeError when the source's pixels cannot be read.
 */
export async function preprocess(
  { read, size, tracks }: View,
  region: Region,
  settings: Preprocessing,
): Promise<Scene> {
  const { scaled, frame } = fit(region, settings);
  const whole = region.width === size.width && region.height === size.height;
  const cropped = frame.width < scaled.width || frame.height < scaled.height;
  const pixels = await read((image) => {
    let pipeline = whole ? image : image.extract(region);
    if (scaled.width !== region.width || scaled.height !== region.height)
      pipeline = pipeline.resize(scaled.width, scaled.height, { fit: "fill" });
    if (cropped) pipeline = pipeline.extract(frame);
    if (settings.grayscale === true) pipeline = pipeline.grayscale().toColourspace("b-w");
    return readPixels(pipeline);
  });

  if (settings.contrast !== undefined) adjustContrast(pixels, settings.contrast.type);
  const inRegion = moveTracks(tracks, { ...IDENTITY, e: -region.left, f: -region.top }, region);
  const scale = { ...IDENTITY, a: scaled.width / region.width, d: scaled.height / region.height };
  return {
    pixels: cropped ? pixels : await addEdges(pixels, frame, settings),
    tracks: moveTracks(inRegion, { ...scale, e: -frame.left, f: -frame.top }, frame),
  };
}

/** The size that the region is scaled to, and where on that the finished image lies: it may reach out, or cut away. */
function fit(region: Size, { resize }: Preprocessing): { scaled: Size; frame: Region } {
  if (resize === undefined)
    return { scaled: region, frame: { left: 0, top: 0, width: region.width, height: region.height } };
  const [across, down] = [resize.width / region.width, resize.height / region.height];
  const side = (length: number) => Math.min(MOST_SCALED_PX, Math.max(1, Math.round(length)));
  const times = (factor: number) => ({ width: side(region.width * factor), height: side(region.height * factor) });
  const centred = (scaled: Size) => ({
    scaled,
    frame: {
      left: Math.floor((scaled.width - resize.width) / 2),
      top: Math.floor((scaled.height - resize.height) / 2),
      width: resize.width,
      height: resize.height,
    },
  });
  switch (resize.format) {
    case "Stretch to":
      return centred(resize);
    case "Fill (with center crop) in":
      return centred(times(Math.max(across, down)));
    case "Fit within": {
      const scaled = times(Math.min(across, down));
      return { scaled, frame: { left: 0, top: 0, ...scaled } };
    }
    case "Fit (reflect edges) in":
    case "Fit (black edges) in":
    case "Fit (white edges) in":
      return centred(times(Math.min(across, down)));
  }
}

async function addEdges(pixels: Pixels, frame: Region, { resize }: Preprocessing): Promise<Pixels> {
  if (frame.width === pixels.width && frame.height === pixels.height) return pixels;
  if (resize?.format !== "Fit (reflect edges) in")
    return cut(pixels, frame, resize?.format === "Fit (white edges) in" ? 255 : 0);
  const [left, top] = [-frame.left, -frame.top];
  return readPixels(
    openPixels(pixels).extend({
      left,
      top,
      right: frame.width - pixels.width - left,
      bottom: frame.height - pixels.height - top,
      extendWith: "mirror",
    }),
  );
}
