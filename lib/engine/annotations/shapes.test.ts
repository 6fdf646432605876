import { expect, test } from "vitest";
import { edgesOfRotated, isTangled, tellOutline, type Point } from "@/lib/engine/annotations/shapes";

/** A rectangle about 100, 100. */
function turned(width: number, height: number, degrees: number): Point[] {
  const angle = (degrees * Math.PI) / 180;
  return [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ].map(([x, y]): Point => {
    const [across, down] = [(x! * width) / 2, (y! * height) / 2];
    return [
      100 + across * Math.cos(angle) - down * Math.sin(angle),
      100 + across * Math.sin(angle) + down * Math.cos(angle),
    ];
  });
}

test("an outline is an upright box, a rotated one, or a polygon", () => {
  expect([0, 90, 180, 270].map((degrees) => tellOutline(turned(40, 20, degrees)))).toEqual(
    Array.from({ length: 4 }, () => "box"),
  );
  expect([3, 30, 45, 89].map((degrees) => tellOutline(turned(40, 20, degrees)))).toEqual(
    Array.from({ length: 4 }, () => "rotated"),
  );
  expect(tellOutline([[0, 0], [10, 0], [10, 10]])).toBe("polygon"); // prettier-ignore
  expect(tellOutline([[0, 0], [40, 10], [50, 60], [5, 40]])).toBe("polygon"); // prettier-ignore
});

test("the box around a rotated one touches its corners", () => {
  const edges = edgesOfRotated({ left: 80, top: 90, right: 120, bottom: 110 }, 30);
  const corners = turned(40, 20, 30);
  expect(edges.left).toBeCloseTo(Math.min(...corners.map(([x]) => x)));
  expect(edges.bottom).toBeCloseTo(Math.max(...corners.map(([, y]) => y)));
});

test("what crosses itself, or has no area, was meant for no outline", () => {
  expect(isTangled([[0, 0], [10, 0], [10, 10], [0, 10]])).toBe(false); // prettier-ignore
  expect(isTangled([[0, 0], [10, 10], [10, 0], [0, 10]])).toBe(true); // prettier-ignore
  expect(isTangled([[0, 0], [5, 5], [10, 10]])).toBe(true); // prettier-ignore
});
