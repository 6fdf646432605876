import { describe, expect, it } from "vitest";
import { parseAnnotations } from "@/lib/engine/annotations/annotations";
import { COCO, COCO_IMAGES, entry, image, object, voc } from "@/lib/testing/annotation-files";

describe("which image is meant", () => {
  it("regards neither case nor slashes nor Unicode form nor somebody's folders", () => {
    for (const file_name of ["0001.JPG", "C:\\data\\train\\0001.jpg", "/home/x/../0001.jpg", "images/0001.jpg"]) {
      expect(
        parseAnnotations([entry("a.json", { ...COCO, images: [{ id: 0, file_name }] })], COCO_IMAGES).boxes.size,
      ).toBe(1);
    }
    expect(parseAnnotations([entry("cafe\u0301.txt", "")], [image("caf\u00e9.jpg")]).boxes.size).toBe(1);
  });

  it("tells images of one name apart by their folders, and says so when it cannot", () => {
    const images = [image("train/images/1.jpg"), image("valid/images/1.jpg")];
    const { boxes, problems } = parseAnnotations(
      [entry("valid/labels/1.txt", "0 .5 .5 .1 .1"), entry("elsewhere/1.txt", "0 .5 .5 .1 .1")],
      images,
    );
    expect([...boxes.keys()]).toEqual(["valid/images/1.jpg"]);
    expect(problems).toEqual([
      { file: "elsewhere/1.txt", code: "ambiguous_image", count: 1, details: { image: "elsewhere/1.txt" } },
    ]);
    const coco = { ...COCO, images: [{ id: 0, file_name: "1.jpg" }] };
    expect([...parseAnnotations([entry("train/_annotations.coco.json", coco)], images).boxes.keys()]).toEqual([
      "train/images/1.jpg",
    ]);
  });

  it("takes an image's boxes from the first file only", () => {
    const { boxes, problems } = parseAnnotations(
      [entry("a.txt", "0 .5 .5 .1 .1"), entry("a.xml", voc(object("cat", [1, 1, 9, 9])))],
      [image("a.jpg")],
    );
    expect(boxes.get("a.jpg")).toHaveLength(1);
    expect(problems).toEqual([
      { file: "a.xml", code: "already_annotated", count: 1, details: { image: "a.jpg", by: "a.txt" } },
    ]);
  });

  it("tells two files of one name apart", () => {
    const coco = (file_name: string, annotations: unknown) =>
      entry("_annotations.coco.json", { ...COCO, images: [{ id: 0, file_name }], annotations });
    const { boxes, problems } = parseAnnotations(
      [coco("a.jpg", COCO.annotations), coco("a.jpg", []), { name: "_annotations.coco.json", text: "{" }],
      [image("a.jpg")],
    );
    expect(boxes.get("a.jpg")).toHaveLength(2);
    expect(problems.map(({ code }) => code)).toEqual(["already_annotated", "unreadable"]);
  });
});
