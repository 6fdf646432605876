import fc from "fast-check";
import { expect, test } from "vitest";
import { middleOf, roundMiddle, roundPixels, roundStretch, wholePixels } from "@/lib/engine/export/edges";

test("edges are rounded to the nearest unit, and cut at the image's own", () => {
  expect(roundStretch(10, 20, 100, 1000)).toEqual({ first: 100, last: 300 });
  expect(roundStretch(0.04, 99.97, 100, 1000)).toEqual({ first: 0, last: 1000 });
  expect(roundStretch(-1, 200, 100, 1000)).toEqual({ first: 0, last: 1000 });
  // a sliver has one unit, at the far edge too
  expect(roundStretch(50.01, 0.01, 100, 1000)).toEqual({ first: 500, last: 501 });
  expect(roundStretch(99.99, 0.01, 100, 1000)).toEqual({ first: 999, last: 1000 });
  expect(wholePixels(15.5, 4, 50)).toEqual({ first: 16, last: 20 });
});

test("a middle that falls between two units goes away from the nearer end", () => {
  expect(middleOf({ first: 2, last: 6 }, 10)).toBe(4);
  expect(middleOf({ first: 0, last: 5 }, 10)).toBe(3);
  expect(middleOf({ first: 5, last: 10 }, 10)).toBe(7);
});

test("a stretch in pixels stays within its image as floating point adds, and within a ten-thousandth of what it was", () => {
  expect(roundPixels(10, 20.5, 100)).toEqual({ start: 10, length: 20.5 });
  expect(roundMiddle(10, 20.5, 100)).toEqual({ middle: 20.25, length: 20.5 });
  const share = fc.oneof(fc.constantFrom(0, 1, 1 / 3, 0.1), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8000 }), share, share, (size, one, other) => {
      const start = Math.min(one, other) * (size - 0.01);
      const length = Math.max(Math.max(one, other) * size - start, 0.01);
      const pixels = roundPixels(start, length, size);
      expect(pixels.start >= 0 && pixels.start + pixels.length <= size).toBe(true);
      const { middle, length: long } = roundMiddle(start, length, size);
      expect(middle - long / 2 >= 0 && middle + long / 2 <= size).toBe(true);
      for (const [rounded, given] of [
        [pixels.start, start],
        [pixels.start + pixels.length, start + length],
        [middle - long / 2, start],
        [middle + long / 2, start + length],
      ] as const)
        expect(Math.abs(rounded - given)).toBeLessThanOrEqual(2.1e-4);
    }),
    { numRuns: 500 },
  );
});
