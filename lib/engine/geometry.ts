import type { Box } from "@/lib/engine/boxes";

/** x' = a·x + b·y + e and y' = c·x + d·y + f, in pixels. (0, 0) is the image's corner; its first pixel's centre is (½, ½). */
export interface Matrix {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}

export interface Size {
  width: number;
  height: number;
}

interface Point {
  x: number;
  y: number;
}

/** A box on its way through the steps: what is left of it, a convex polygon, and the area that it would have uncut. */
export interface Track {
  label: string;
  points: Point[];
  uncutArea: number;
}

/** A box is dropped when less than this share of its area is left, or when it is less than one pixel wide or high. */
const LEAST_SHARE = 0.1;
const LEAST_SIDE_PX = 1;
/** Thousandths of a pixel: enough, and without the noise of a number's last binary digits. */
const PARTS_A_PIXEL = 1000;

export const IDENTITY: Matrix = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 };

/** First `first`, then `second`. */
export function chain(first: Matrix, second: Matrix): Matrix {
  const moved = apply(second, { x: first.e, y: first.f });
  return {
    a: second.a * first.a + second.b * first.c,
    b: second.a * first.b + second.b * first.d,
    c: second.c * first.a + second.d * first.c,
    d: second.c * first.b + second.d * first.d,
    e: moved.x,
    f: moved.y,
  };
}

/** What undoes the matrix, which must have an area. */
export function invert({ a, b, c, d, e, f }: Matrix): Matrix {
  const growth = a * d - b * c;
  return {
    a: d / growth,
    b: -b / growth,
    c: -c / growth,
    d: a / growth,
    e: (b * f - d * e) / growth,
    f: (c * e - a * f) / growth,
  };
}

/** `matrix`, about another point than the corner. */
export function about(centre: Point, matrix: Matrix): Matrix {
  const toCorner = { ...IDENTITY, e: -centre.x, f: -centre.y };
  return chain(chain(toCorner, matrix), { ...IDENTITY, e: centre.x, f: centre.y });
}

/** From the image as people see it, of this size, to its pixels as they are stored. `orientation` is EXIF's, 1 to 8. */
export function toStored(orientation: number, { width, height }: Size): Matrix {
  const quarter = orientation >= 5;
  // along each stored axis: is it the seen one read backwards?
  const backX = quarter ? orientation === 7 || orientation === 8 : orientation === 2 || orientation === 3;
  const backY = quarter ? orientation === 6 || orientation === 7 : orientation === 3 || orientation === 4;
  const [signX, signY] = [backX ? -1 : 1, backY ? -1 : 1];
  return quarter
    ? { a: 0, b: signX, c: signY, d: 0, e: backX ? height : 0, f: backY ? width : 0 }
    : { a: signX, b: 0, c: 0, d: signY, e: backX ? width : 0, f: backY ? height : 0 };
}

/** Takes the boxes up, cut to their image. */
export function trackBoxes(boxes: readonly Box[], image: Size): Track[] {
  return boxes.flatMap(({ label, x, y, width, height }) => {
    const corners = [
      { x, y },
      { x: x + width, y },
      { x: x + width, y: y + height },
      { x, y: y + height },
    ];
    const points = clip(corners, image);
    return points.length > 0 ? [{ label, points, uncutArea: area(points) }] : [];
  });
}

/** What becomes of the boxes when the pixels are moved by the matrix and cut to an image of that size. */
export function moveTracks(tracks: readonly Track[], matrix: Matrix, image: Size): Track[] {
  const growth = Math.abs(matrix.a * matrix.d - matrix.b * matrix.c);
  return tracks.flatMap(({ label, points, uncutArea }) => {
    const left = clip(
      points.map((point) => apply(matrix, point)),
      image,
    );
    return left.length > 0 ? [{ label, points: left, uncutArea: uncutArea * growth }] : [];
  });
}

/**
 * The smallest axis-parallel boxes around what is left, inside the image. A box is dropped when less than a tenth of its
 * area is left, or less than one pixel in width or height: what nobody could recognise would only mislead a training.
 */
export function readBoxes(tracks: readonly Track[], image: Size): Box[] {
  return tracks.flatMap(({ label, points, uncutArea }) => {
    const { left, top, right, bottom } = bound(points);
    const [x, width] = span(left, right, image.width);
    const [y, height] = span(top, bottom, image.height);
    const visible = width >= LEAST_SIDE_PX && height >= LEAST_SIDE_PX && area(points) >= LEAST_SHARE * uncutArea;
    return visible ? [{ label, x, y, width, height }] : [];
  });
}

export function bound(points: readonly Point[]): { left: number; top: number; right: number; bottom: number } {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/** Where the corners of an image of that size go. */
export function moveCorners(matrix: Matrix, { width, height }: Size): Point[] {
  return [
    { x: 0, y: 0 },
    { x: width, y: 0 },
    { x: width, y: height },
    { x: 0, y: height },
  ].map((corner) => apply(matrix, corner));
}

function apply({ a, b, c, d, e, f }: Matrix, { x, y }: Point): Point {
  return { x: a * x + b * y + e, y: c * x + d * y + f };
}

/** Start and length, rounded; the sum of the two is within the limit even where floating point would carry it over. */
function span(from: number, to: number, limit: number): [start: number, length: number] {
  const start = round(from);
  const length = round(to - start);
  return [start, start + length > limit ? round(length - 1 / PARTS_A_PIXEL) : length];
}

function round(value: number): number {
  return Math.round(value * PARTS_A_PIXEL) / PARTS_A_PIXEL;
}

/** Sutherland and Hodgman: cuts a convex polygon with each side of the image in turn; [] when nothing is left. */
function clip(polygon: Point[], { width, height }: Size): Point[] {
  const sides = [({ x }: Point) => x, ({ x }: Point) => width - x, ({ y }: Point) => y, ({ y }: Point) => height - y];
  const left = sides.reduce((points, inside) => {
    return points.flatMap((point, index) => {
      const previous = points.at(index - 1) ?? point;
      const [before, now] = [inside(previous), inside(point)];
      const crossing = before < 0 !== now < 0 ? [between(previous, point, before / (before - now))] : [];
      return now < 0 ? crossing : [...crossing, point];
    });
  }, polygon);
  return left.length >= 3 ? left.map(({ x, y }) => ({ x: clamp(x, width), y: clamp(y, height) })) : [];
}

function between(from: Point, to: Point, share: number): Point {
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

function clamp(value: number, limit: number): number {
  return Math.min(Math.max(value, 0), limit);
}

function area(points: readonly Point[]): number {
  const twice = points.reduce((sum, { x, y }, index) => {
    const next = points[(index + 1) % points.length] ?? { x, y };
    return sum + x * next.y - next.x * y;
  }, 0);
  return Math.abs(twice) / 2;
}
