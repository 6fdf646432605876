import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAnnotations } from "@/lib/engine/annotations/annotations";
import { COCO, COCO_IMAGES, entry, image } from "@/lib/testing/annotation-files";

describe("COCO", () => {
  it("gives boxes to many images, and none to the one that was looked at in vain", () => {
    const { boxes, problems } = parseAnnotations([entry("train/_annotations.coco.json", COCO)], COCO_IMAGES);
    expect(problems).toEqual([]);
    expect(boxes.get("0001.jpg")).toEqual([
      { label: "helmet", x: 45, y: 2, width: 85, height: 85 },
      { label: "head", x: 324.5, y: 29.25, width: 72, height: 81 },
    ]);
    expect(boxes.get("empty.jpg")).toEqual([]);
  });

  it("keeps edges to 1/1024 of a pixel, or, where they shall be what they were, so that they are written the same again", () => {
    const annotations = [{ image_id: 0, category_id: 1, bbox: [28.51, 0.1, 70.2, 33.3333] }];
    const boxOf = (exact: boolean) =>
      parseAnnotations([entry("a.json", { ...COCO, annotations })], COCO_IMAGES, null, { exact }).boxes.get(
        "0001.jpg",
      )![0]!;
    expect(boxOf(false)).toMatchObject({ x: 28.509765625, width: 70.2001953125 });
    const { x, y, width, height } = boxOf(true);
    expect([x, y, width, height].map((number) => Number(number.toFixed(7)))).toEqual([28.51, 0.1, 70.2, 33.3333]);
  });
  it("clips boxes to their image, and counts those without area or outside it", () => {
    const annotations = [
      [-10, -10, 30, 20],
      [480, 270, 50, 50],
      [5, 5, 0, 9],
      [5, 5, -4, 9],
      [600, 5, 4, 4],
    ].map((bbox) => ({ image_id: 0, category_id: 1, bbox }));
    const { boxes, problems } = parseAnnotations([entry("a.json", { ...COCO, annotations })], COCO_IMAGES);
    expect(boxes.get("0001.jpg")).toEqual([
      { label: "head", x: 0, y: 0, width: 20, height: 10 },
      { label: "head", x: 480, y: 270, width: 10, height: 5 },
    ]);
    expect(problems).toEqual([{ file: "a.json", code: "empty_box", count: 3, details: { image: "0001.jpg" } }]);
  });

  it("never gives a box that reaches out of its image by so much as rounding", () => {
    const number = fc.double({ min: -20, max: 120, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(number, number, number, number), { minLength: 50, maxLength: 50 }),
        fc.integer({ min: 1, max: 100 }),
        (bboxes, side) => {
          const annotations = bboxes.map((bbox) => ({ image_id: 0, category_id: 1, bbox }));
          const { boxes, problems } = parseAnnotations(
            [entry("a.json", { ...COCO, images: [{ id: 0, file_name: "a.jpg" }], annotations })],
            [image("a.jpg", side, side)],
          );
          const taken = boxes.get("a.jpg") ?? [];
          for (const { x, y, width, height } of taken)
            expect(x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= side && y + height <= side).toBe(true);
          expect(taken.length + (problems[0]?.count ?? 0)).toBe(50);
        },
      ),
    );
  });

  it("takes the rest when one annotation is broken, and says which", () => {
    const good = COCO.annotations[0];
    const annotations = [
      null,
      { image_id: 0, category_id: 1, bbox: ["1", 2, 3, 4] },
      { image_id: 0, category_id: 7, bbox: [1, 2, 3, 4] },
      { image_id: 77, category_id: 1, bbox: [1, 2, 3, 4] },
      good,
    ];
    const { boxes, problems } = parseAnnotations([entry("a.json", { ...COCO, annotations })], COCO_IMAGES);
    expect(boxes.get("0001.jpg")).toHaveLength(1);
    expect(problems).toEqual([
      { file: "a.json", code: "bad_box", count: 2, details: { index: 0 } },
      { file: "a.json", code: "unknown_class", count: 1, details: { class: "7", image: "0001.jpg" } },
      { file: "a.json", code: "unknown_image", count: 1, details: { image: "77", index: 3 } },
    ]);
  });

  it("reads numbers that are no numbers in JSON as broken boxes", () => {
    const text = JSON.stringify(COCO).replace("[45,2,85,85]", "[1e999,2,85,85]");
    expect(parseAnnotations([entry("a.json", text)], COCO_IMAGES).problems).toEqual([
      { file: "a.json", code: "bad_box", count: 1, details: { index: 0 } },
    ]);
  });

  it("does not put boxes onto an image of another size than they were drawn on", () => {
    const { boxes, problems } = parseAnnotations(
      [entry("a.json", COCO)],
      [image("0001.jpg", 275, 490), image("empty.jpg", 10, 10)],
    );
    expect(boxes.has("0001.jpg")).toBe(false);
    expect(problems).toEqual([
      {
        file: "a.json",
        code: "size_mismatch",
        count: 1,
        details: { image: "0001.jpg", width: 490, height: 275, actualWidth: 275, actualHeight: 490 },
      },
    ]);
  });

  it("keeps classes apart that are called like parts of JavaScript", () => {
    const categories = [
      { id: "__proto__", name: "__proto__" },
      { id: "constructor", name: "toString" },
    ];
    const annotations = categories.map(({ id }) => ({ image_id: 0, category_id: id, bbox: [1, 1, 5, 5] }));
    const text = JSON.stringify({ ...COCO, categories, annotations }).replace("{", '{"__proto__":{"polluted":1},');
    const { boxes } = parseAnnotations([entry("a.json", text)], COCO_IMAGES);
    expect(boxes.get("0001.jpg")?.map(({ label }) => label)).toEqual(["__proto__", "toString"]);
    expect("polluted" in {}).toBe(false);
  });

  const annotated = (annotation: object, [width, height] = [490, 275]) => {
    const { boxes, problems } = parseAnnotations(
      [
        entry("a.json", {
          ...COCO,
          images: [{ id: 0, file_name: "a.jpg" }],
          annotations: [{ image_id: 0, category_id: 1, ...annotation }],
        }),
      ],
      [image("a.jpg", width, height)],
    );
    return [
      (boxes.get("a.jpg") ?? []).map(({ x, y, width, height }) => [x, y, width, height]),
      problems.map(({ code, count }) => [code, count]),
    ];
  };

  it("takes the box around a segmentation where there is no bbox: polygons, or a mask of runs, packed or not", () => {
    const polygons = [
      [10, 20, 40, 25, 30, 60],
      [100, 5, 110, 5, 110, 15],
    ];
    const reduced = [["polygon_reduced", 1]];
    const around = [[[10, 5, 100, 55]], reduced];
    expect(annotated({ segmentation: polygons })).toEqual(around);
    for (const none of [null, [], [0, 0, 0, 0]])
      expect(annotated({ bbox: none, segmentation: polygons })).toEqual(around);
    expect(annotated({ segmentation: polygons[0] })).toEqual([[[10, 20, 30, 40]], reduced]);
    // 4 × 3, columns downwards: rows 1 and 2 of the columns 1 and 2
    const size = [3, 4];
    const mask = [[[1, 1, 2, 2]], reduced];
    expect(annotated({ segmentation: { size, counts: [4, 2, 1, 2, 3] } }, [4, 3])).toEqual(mask);
    expect(annotated({ segmentation: { size, counts: "42102" } }, [4, 3])).toEqual(mask);
    expect(annotated({ segmentation: { size, counts: [4, 2, 1, 2, 3] } }), "of another size").toEqual([
      [],
      [["bad_box", 1]],
    ]);
  });

  it("keeps the bbox where there is one, and tells what else was drawn", () => {
    const bbox = [10, 20, 30, 40];
    const kept = [[10, 20, 30, 40]];
    const corners = [10, 20, 40, 20, 40, 60, 10, 60];
    expect(annotated({ bbox, segmentation: [corners] }), "the same box").toEqual([kept, []]);
    expect(annotated({ bbox, segmentation: [[10, 20, 40, 20, 25, 60]] })).toEqual([kept, [["polygon_reduced", 1]]]);
    expect(annotated({ bbox, segmentation: { size: [275, 490], counts: "x" } })).toEqual([
      kept,
      [["polygon_reduced", 1]],
    ]);
    expect(annotated({ bbox, num_keypoints: 1, keypoints: [20, 30, 2] })).toEqual([kept, [["keypoints_dropped", 1]]]);
    expect(annotated({ bbox, num_keypoints: 0, keypoints: [0, 0, 0] })).toEqual([kept, []]);
  });

  it("takes the box around one that CVAT says is turned", () => {
    const turned = (rotation: number) => annotated({ bbox: [100, 100, 40, 20], attributes: { rotation } });
    expect(turned(0)).toEqual([[[100, 100, 40, 20]], []]);
    expect(turned(90)).toEqual([[[110, 90, 20, 40]], []]);
    // (40 + 20) / √2 = 42.426 on both sides of the centre 120, 110
    expect(turned(45)).toEqual([
      [[98.787, 88.787, 42.426, 42.426].map((value) => expect.closeTo(value, 2))],
      [["rotated_reduced", 1]],
    ]);
  });

  it("takes numbers for class names, and no name that is empty, endless or of several lines", () => {
    const categories = [7, " Katze ", "", "a\nb", "x".repeat(300), null].map((name, id) => ({ id, name }));
    const annotations = categories.map(({ id }) => ({ image_id: 0, category_id: id, bbox: [1, 1, 5, 5] }));
    const { boxes, problems } = parseAnnotations([entry("a.json", { ...COCO, categories, annotations })], COCO_IMAGES);
    expect(boxes.get("0001.jpg")?.map(({ label }) => label)).toEqual(["7", "Katze"]);
    expect(problems).toEqual([{ file: "a.json", code: "bad_label", count: 4, details: { image: "0001.jpg" } }]);
  });
});
