import type { Sharp } from "sharp";
import { about, bound, chain, IDENTITY, moveCorners, moveTracks, type Matrix, type Size } from "@/lib/engine/geometry";
import { cut, openPixels, readPixels, type Pixels, type Region } from "@/lib/engine/pixels";
import type { Scene } from "@/lib/engine/preprocess";
import type { Random } from "@/lib/engine/random";
import type { Augmentation } from "@/lib/engine/settings";

const BLACK = { r: 0, g: 0, b: 0 };
/** sharp blurs with no less. */
const LEAST_SIGMA = 0.3;

/** Rows that make new red, green and blue out of the old ones. */
type ColourMatrix = readonly [Row, Row, Row];
type Row = readonly [number, number, number];
/** The shares of red, green and blue in brightness, as SVG has them. */
const LUMA: Row = [0.213, 0.715, 0.072];

/** How strongly each step acts on one output. */
interface Strengths {
  /** The share of width and height that stays; of what goes, x is the share that goes on the left, y at the top. */
  crop: { share: number; x: number; y: number };
  mirrored: boolean;
  upended: boolean;
  /** clockwise */
  quarterTurns: 0 | 1 | 2 | 3;
  /** rotate and shear, about the middle */
  slant: Matrix;
  sigma: number;
  grey: boolean;
  /** a factor, as is brightness */
  saturation: number;
  hueDegrees: number;
  brightness: number;
  /** of brightness between 0 and 1: exposure changes the middle tones */
  exponent: number;
  /** of the pixels */
  noiseShare: number;
}

/**
 * Draws a number for every strength, also of steps that are not set, in this fixed order: so one step more or less leaves
 * what the others do to an output as it was.
 */
function drawStrengths(settings: Augmentation, random: Random): Strengths {
  const { crop, flip, ninety, rotate, shear, blur, rgrayscale, saturation, hue, brightness, exposure, noise } =
    settings;
  const within = (most = 0) => random.between(-most, most);
  const kept = { share: 1 - random.between(crop?.min ?? 0, crop?.max ?? 0) / 100, x: random.unit(), y: random.unit() };
  const mirrored = random.unit() < 0.5 && flip?.horizontal === true;
  const upended = random.unit() < 0.5 && flip?.vertical === true;
  const turns = (
    [
      [1, "clockwise"],
      [2, "upside-down"],
      [3, "counter-clockwise"],
    ] as const
  ).filter(([, way]) => ninety?.[way] === true);
  const quarterTurns = turns[random.integer(turns.length + 1)]?.[0] ?? 0;
  const angle = radians(within(rotate?.degrees));
  const rotation = { ...IDENTITY, a: Math.cos(angle), b: -Math.sin(angle), c: Math.sin(angle), d: Math.cos(angle) };
  const across = { ...IDENTITY, b: Math.tan(radians(within(shear?.horizontal))) };
  const down = { ...IDENTITY, c: Math.tan(radians(within(shear?.vertical))) };
  return {
    crop: kept,
    mirrored,
    upended,
    quarterTurns,
    slant: chain(chain(rotation, across), down),
    sigma: random.between(0, blur?.pixels ?? 0),
    grey: random.unit() * 100 < (rgrayscale?.percent ?? 0),
    saturation: 1 + within(saturation?.percent) / 100,
    hueDegrees: within(hue?.degrees),
    brightness:
      1 +
      random.between(
        brightness?.darken === true ? -brightness.percent : 0,
        brightness?.brighten === true ? brightness.percent : 0,
      ) /
        100,
    exponent: 2 ** (within(exposure?.percent) / 100),
    noiseShare: random.between(0, noise?.percent ?? 0) / 100,
  };
}

/**
 * One augmented output of a scene, which stays as it is. Width and height are kept (quarter turns exchange them); what a
 * rotation or shear leaves empty is black. `stream` gives the random numbers for a purpose; each purpose has its own, so
 * that one step never moves another's.
 */
export async function augment(
  scene: Scene,
  settings: Augmentation,
  stream: (purpose: string) => Random,
): Promise<Scene> {
  const strengths = drawStrengths(settings, stream("strengths"));
  const moved = await move(scene, strengths);
  recolour(moved.pixels, strengths);
  if (settings.cutout !== undefined) blacken(moved.pixels, settings.cutout, stream("cutout"));
  sprinkle(moved.pixels, strengths.noiseShare, stream("noise"));
  return moved;
}

/** Crop, flip, ninety, rotate, shear and blur, in one pipeline. */
async function move(
  { pixels, tracks }: Scene,
  { crop, mirrored, upended, quarterTurns, slant, sigma }: Strengths,
): Promise<Scene> {
  const size = { width: pixels.width, height: pixels.height };
  const window = chooseWindow(size, crop);
  const zoomed = window.width < size.width || window.height < size.height;
  const [across, down] = [size.width / window.width, size.height / window.height];
  const inWindow = moveTracks(
    tracks,
    { a: across, b: 0, c: 0, d: down, e: -window.left * across, f: -window.top * down },
    size,
  );

  const turned = quarterTurns % 2 === 0 ? size : { width: size.height, height: size.width };
  const upright = chain(
    about(middle(size), { ...IDENTITY, a: mirrored ? -1 : 1, d: upended ? -1 : 1 }),
    turn(size, turned, quarterTurns),
  );
  const slanted = about(middle(turned), slant);

  let pipeline = openPixels(zoomed ? cut(pixels, window, 0) : pixels);
  if (zoomed) pipeline = pipeline.resize(size.width, size.height, { fit: "fill" });
  pipeline = pipeline.flip(upended).flop(mirrored);
  if (quarterTurns !== 0) pipeline = pipeline.rotate(quarterTurns * 90);
  if (sigma >= LEAST_SIGMA) pipeline = pipeline.blur(sigma);
  return {
    pixels: isStill(slant) ? await readPixels(pipeline) : await warp(pipeline, turned, slanted),
    tracks: moveTracks(moveTracks(inWindow, upright, turned), slanted, turned),
  };
}

function chooseWindow({ width, height }: Size, { share, x, y }: Strengths["crop"]): Region {
  const kept = { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) };
  return { ...kept, left: Math.round((width - kept.width) * x), top: Math.round((height - kept.height) * y) };
}

function turn(from: Size, to: Size, quarterTurns: Strengths["quarterTurns"]): Matrix {
  const [cos, sin] = (
    [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ] as const
  )[quarterTurns];
  const [old, now] = [middle(from), middle(to)];
  return {
    a: cos,
    b: -sin,
    c: sin,
    d: cos,
    e: now.x - cos * old.x + sin * old.y,
    f: now.y - sin * old.x - cos * old.y,
  };
}

/**
 * Moves the pixels of an image of that size by the matrix and cuts them to the same size. sharp makes an image as large as
 * the moved corners' bounds, beginning at their rounded minimum without the matrix's own shift, and counts from the
 * pixels' centres: `odx` and `ody` bring the part that we want to its beginning.
 */
async function warp(pipeline: Sharp, size: Size, matrix: Matrix): Promise<Pixels> {
  const { a, b, c, d, e, f } = matrix;
  const unshifted = bound(moveCorners({ ...matrix, e: 0, f: 0 }, size));
  const bounds = bound(moveCorners(matrix, size));
  const left = bounds.right - bounds.left < size.width ? Math.floor(bounds.left) : 0;
  const top = bounds.bottom - bounds.top < size.height ? Math.floor(bounds.top) : 0;
  const warped = await readPixels(
    pipeline.affine([a, b, c, d], {
      interpolator: "bilinear",
      background: BLACK,
      idx: 0.5,
      idy: 0.5,
      odx: e - 0.5 - left + Math.round(unshifted.left),
      ody: f - 0.5 - top + Math.round(unshifted.top),
    }),
  );
  return cut(warped, { left: -left, top: -top, ...size }, 0);
}

/** Saturation, hue, brightness and exposure, each pixel by itself and in place. */
function recolour({ data, channels }: Pixels, { grey, saturation, hueDegrees, brightness, exponent }: Strengths): void {
  if (channels === 3 && (grey || saturation !== 1 || hueDegrees !== 0)) {
    const [red, green, blue] = mixColours(grey ? 0 : saturation, hueDegrees);
    const clamped = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length); // rounds, too
    for (let offset = 0; offset < clamped.length; offset += 3) {
      const [r, g, b] = [clamped[offset]!, clamped[offset + 1]!, clamped[offset + 2]!];
      clamped[offset] = red[0] * r + red[1] * g + red[2] * b;
      clamped[offset + 1] = green[0] * r + green[1] * g + green[2] * b;
      clamped[offset + 2] = blue[0] * r + blue[1] * g + blue[2] * b;
    }
  }
  if (brightness !== 1 || exponent !== 1) {
    const curve = Uint8ClampedArray.from(
      { length: 256 },
      (_, level) => 255 * Math.min(1, (level / 255) * brightness) ** exponent,
    );
    for (let offset = 0; offset < data.length; offset++) data[offset] = curve[data[offset]!]!;
  }
}

/** The matrices of SVG's feColorMatrix, types saturate and hueRotate: greys stay what they are. */
function mixColours(saturation: number, degrees: number): ColourMatrix {
  const [cos, sin] = [Math.cos(radians(degrees)) * saturation, Math.sin(radians(degrees)) * saturation];
  const [r, g, b] = LUMA;
  return [
    [r + cos * (1 - r) - sin * r, g - cos * g - sin * g, b - cos * b + sin * (1 - b)],
    [r - cos * r + sin * 0.143, g + cos * (1 - g) + sin * 0.14, b - cos * b - sin * 0.283],
    [r - cos * r - sin * (1 - r), g - cos * g + sin * g, b + cos * (1 - b) + sin * b],
  ];
}

/** Black rectangles, `percent` of the image's width and height each, wholly inside. They may overlap; boxes stay. */
function blacken(
  { data, width, height, channels }: Pixels,
  { count, percent }: { count: number; percent: number },
  random: Random,
): void {
  const hole = { width: Math.round((width * percent) / 100), height: Math.round((height * percent) / 100) };
  for (let left = count; left > 0; left--) {
    const [x, y] = [random.integer(width - hole.width + 1), random.integer(height - hole.height + 1)];
    for (let row = y; row < y + hole.height; row++)
      data.fill(0, (row * width + x) * channels, (row * width + x + hole.width) * channels);
  }
}

/** Salt and pepper: `share` (0 to 1) of the pixels, drawn with repetition, become black or white. */
function sprinkle({ data, width, height, channels }: Pixels, share: number, random: Random): void {
  for (let left = Math.round(width * height * share); left > 0; left--) {
    const offset = random.integer(width * height) * channels;
    data.fill(random.unit() < 0.5 ? 0 : 255, offset, offset + channels);
  }
}

function isStill({ a, b, c, d }: Matrix): boolean {
  return a === 1 && b === 0 && c === 0 && d === 1;
}

function middle({ width, height }: Size): { x: number; y: number } {
  return { x: width / 2, y: height / 2 };
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
