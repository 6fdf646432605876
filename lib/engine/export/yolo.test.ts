import fc from "fast-check";
import { expect, test } from "vitest";
import { detection, HATS, paths, plan, textAt } from "@/lib/testing/export-plans";

test("YOLOv6 has the split below images and labels, where its loader looks for them, and all three in data.yaml", () => {
  const entries = plan("mt-yolov6", detection(HATS));
  expect(paths(entries)).toEqual([
    "README.dataset.txt",
    "data.yaml",
    "images/train/Photo 1.000000000000-0.jpg",
    "labels/train/Photo 1.000000000000-0.txt",
    "images/valid/b.000000000001-0.png",
    "labels/valid/b.000000000001-0.txt",
  ]);
  expect(textAt(entries, "data.yaml")).toBe(
    `train: ./images/train\nval: ./images/valid\ntest: ./images/test\nnc: 2\nnames:\n  - "head"\n  - "helmet"\n`,
  );
  expect(textAt(entries, "labels/train/Photo 1.000000000000-0.txt")).toBe(
    "1 0.20000000 0.20500000 0.20000000 0.21000000\n",
  );
});

test("Darknet has a text beside each image and the classes, a line each, in every split", () => {
  const entries = plan("darknet", detection(HATS, ["two\nlines", "helmet"]));
  expect(paths(entries)).toEqual([
    "README.dataset.txt",
    "train/_darknet.labels",
    "train/Photo 1.000000000000-0.jpg",
    "train/Photo 1.000000000000-0.txt",
    "valid/_darknet.labels",
    "valid/b.000000000001-0.png",
    "valid/b.000000000001-0.txt",
  ]);
  expect(textAt(entries, "valid/_darknet.labels")).toBe("two lines\nhelmet\n");
  expect(textAt(entries, "train/Photo 1.000000000000-0.txt")).toBe("1 0.20000000 0.20500000 0.20000000 0.21000000\n");
  expect(textAt(entries, "valid/b.000000000001-0.txt")).toBe("");
});

test("a box at the image's edge stays within 0 and 1, whatever its size is divided by", () => {
  const share = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));
  const side = fc.integer({ min: 1, max: 8000 });
  fc.assert(
    fc.property(side, side, share, share, share, share, (width, height, a, b, c, d) => {
      const stretch = (one: number, other: number, size: number) => {
        const start = Math.min(one, other) * (size - 0.01);
        return { start, length: Math.min(Math.max(Math.max(one, other) * size - start, 0.01), size - start) };
      };
      const [across, down] = [stretch(a, c, width), stretch(b, d, height)];
      const box = { label: "head", x: across.start, y: down.start, width: across.length, height: down.length };
      const line = textAt(
        plan("yolov8", detection([{ width, height, boxes: [box] }])),
        "train/labels/a.000000000000-0.txt",
      );
      const [x = NaN, y = NaN, w = NaN, h = NaN] = line.trim().split(" ").slice(1).map(Number);
      expect([x - w / 2 >= 0, x + w / 2 <= 1, y - h / 2 >= 0, y + h / 2 <= 1, w > 0, h > 0]).not.toContain(false);
      expect(Math.abs(x - w / 2 - box.x / width)).toBeLessThan(1.1e-8);
      expect(Math.abs(y + h / 2 - (box.y + box.height) / height)).toBeLessThan(1.1e-8);
    }),
    { numRuns: 500 },
  );
});
