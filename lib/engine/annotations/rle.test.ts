import { expect, test } from "vitest";
import { edgesOfMask } from "@/lib/engine/annotations/rle";

const box = (counts: number[] | string, height: number, width: number) => {
  const edges = edgesOfMask({ counts, size: [height, width] });
  return edges && [edges.left, edges.top, edges.right - edges.left, edges.bottom - edges.top];
};

test("the box of a mask reaches from its first pixel to behind its last", () => {
  expect(box([0, 12], 3, 4)).toEqual([0, 0, 4, 3]);
  expect(box([11, 1], 3, 4)).toEqual([3, 2, 1, 1]);
  expect(box([2, 2, 8], 3, 4), "over the foot of a column").toEqual([0, 0, 2, 3]);
  expect(box([1, 1, 6, 1, 3], 3, 4), "two parts").toEqual([0, 1, 3, 2]);
});

test("packed counts are unpacked as pycocotools packs them", () => {
  // 5, 3, 40 as they are ("40": 8 and a bit that more follows, then 1), 2 as its difference from 3: -1
  expect(box("53X1O", 10, 5)).toEqual([0, 5, 5, 5]);
  expect(box("53X1O", 10, 5)).toEqual(box([5, 3, 40, 2], 10, 5));
});

test("counts that cannot be meant have no box", () => {
  for (const counts of [[13], [1, -1], [1.5, 2], [12], [], "", "~~~", "PPPPPPPPPPP"])
    expect(box(counts, 3, 4), String(counts)).toBeNull();
});
