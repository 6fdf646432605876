import { expect, test } from "vitest";
import { clipBoxes } from "./boxes";

const image = { width: 100, height: 80 };
const box = (x: number, y: number, width: number, height: number, label = "hat") => ({ label, x, y, width, height });

test("what is less than a hundredth of a pixel wide or high in the image is a slip of the pen", () => {
  const kept = box(99.5, 0, 0.5, 80);
  expect(clipBoxes([kept, box(0, 0, 0.009, 80), box(99.995, 0, 50, 50)], image)).toEqual([kept]);
});

test("a box over the whole image and beyond is the image, and the order of boxes is kept", () => {
  expect(clipBoxes([box(1, 2, 3, 4, "b"), box(-1e9, -5, 2e9, 1000, "a")], image)).toEqual([
    box(1, 2, 3, 4, "b"),
    box(0, 0, 100, 80, "a"),
  ]);
});

test("a box that stays is refused with a class that no image can have, and one that goes is not looked at", () => {
  expect(() => clipBoxes([box(1, 2, 3, 4, "a\nb")], image)).toThrow(expect.objectContaining({ code: "invalid_input" }));
  expect(clipBoxes([box(200, 0, 3, 4, "a\nb"), box(0, 0, Infinity, 10, "")], { width: 0, height: 80 })).toEqual([]);
});
