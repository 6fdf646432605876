import type { Edges } from "@/lib/engine/annotations/collector";

/*
 * What is marked on an image otherwise than by an upright rectangle, and which box is around it.
 */

/** In any unit, the same across and down as the image's pixels are where angles matter. */
export type Point = readonly [x: number, y: number];

/** What an outline is: "box" loses nothing when it becomes the box around it. */
export type Outline = "box" | "rotated" | "polygon";

/** A pixel's rounding, and a hundredth of the size for outlines that were scaled. */
const slack = (size: number): number => Math.max(1, size / 100);

/** The box around points. */
export function edgesAround(points: Iterable<Point>): Edges {
  const edges = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const [x, y] of points) {
    edges.left = Math.min(edges.left, x);
    edges.top = Math.min(edges.top, y);
    edges.right = Math.max(edges.right, x);
    edges.bottom = Math.max(edges.bottom, y);
  }
  return edges;
}

/** What an outline of points is; in pixels, since a right angle is one in pixels only. */
export function tellOutline(points: readonly Point[]): Outline {
  if (isUpright(points)) return "box";
  return points.length === 4 && isRectangle(points) ? "rotated" : "polygon";
}

/** All points are corners of the box around them, and none of its corners is missing. */
function isUpright(points: readonly Point[]): boolean {
  const { left, top, right, bottom } = edgesAround(points);
  const near = (value: number, edge: number, size: number) => Math.abs(value - edge) <= Math.min(0.5, size / 100);
  const found = new Set<string>();
  for (const [x, y] of points) {
    const across = near(x, left, right - left) ? "left" : near(x, right, right - left) ? "right" : null;
    const down = near(y, top, bottom - top) ? "top" : near(y, bottom, bottom - top) ? "bottom" : null;
    if (across === null || down === null) return false;
    found.add(`${across} ${down}`);
  }
  return found.size === 4;
}

function isRectangle([a, b, c, d]: readonly Point[]): boolean {
  if (!a || !b || !c || !d) return false;
  const [along, beside] = [minus(b, a), minus(c, b)];
  const [length, width] = [Math.hypot(...along), Math.hypot(...beside)];
  if (length === 0 || width === 0) return false;
  const closes = Math.hypot(a[0] + c[0] - b[0] - d[0], a[1] + c[1] - b[1] - d[1]) <= slack(Math.hypot(length, width));
  const projected = Math.abs(along[0] * beside[0] + along[1] * beside[1]) / Math.max(length, width);
  return closes && projected <= slack(Math.min(length, width));
}

const minus = ([x, y]: Point, [ofX, ofY]: Point): [number, number] => [x - ofX, y - ofY];

/** The box around a rectangle that is turned about its centre. */
export function edgesOfRotated({ left, top, right, bottom }: Edges, degrees: number): Edges {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
  const [width, height] = [right - left, bottom - top];
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const [across, down] = [(width * cos + height * sin) / 2, (width * sin + height * cos) / 2];
  return { left: x - across, top: y - down, right: x + across, bottom: y + down };
}

/** Points of so many objects are looked at for whether they can be an outline. */
const TANGLE_POINTS_MAX = 300;

/** Whether the outline crosses itself, turns back on itself or has no area: then it was hardly meant as one. */
export function isTangled(points: readonly Point[]): boolean {
  if (points.length > TANGLE_POINTS_MAX) return false;
  let area = 0;
  points.forEach((point, at) => {
    const next = points[(at + 1) % points.length]!;
    area += point[0] * next[1] - next[0] * point[1];
  });
  if (Math.abs(area) < 1e-9) return true;
  for (let i = 0; i < points.length; i++)
    for (let j = i + 2; j < points.length; j++) {
      if (i === 0 && j === points.length - 1) continue; // neighbours, round the end
      if (cross(points[i]!, points[i + 1]!, points[j]!, points[(j + 1) % points.length]!)) return true;
    }
  return false;
}

function cross(a: Point, b: Point, c: Point, d: Point): boolean {
  const side = (p: Point, q: Point, r: Point) =>
    Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}
