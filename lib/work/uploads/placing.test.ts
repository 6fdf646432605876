import { expect, test } from "vitest";
import { IMAGE_TYPES } from "@/lib/engine/formats";
import { ACCEPTED_FILES, ACCEPTED_IMAGES, imageTypeOf, kindOf, place, readFolders, splitByName } from "./placing";

test("the folders above a file give its split and its class", () => {
  const cases: [string, string | null, string | null][] = [
    ["a.png", null, null],
    ["7/a.png", null, "7"],
    ["train/7/a.png", "train", "7"],
    ["digits/Valid/7/a.png", "valid", "7"],
    ["digits/val/a.png", "valid", null],
    ["train/images/a.png", "train", null],
    ["images/testing/a.png", "test", null],
    ["images/7/a.png", null, "7"],
    ["test/train/a.png", "train", null],
    ["constructor/a.png", null, "constructor"],
    ["coco/images/val2017/a.jpg", "valid", null],
    ["obj_Validation_data/a.jpg", "valid", null],
    ["2017/a.jpg", null, "2017"],
  ];
  for (const [path, split, label] of cases) expect(readFolders(path), path).toEqual({ split, label });
});

test("a file falls to the same split every time, whatever folder it is in, and numbered names scatter as 70, 20 and 10", () => {
  expect(splitByName("a/0001.png")).toBe(splitByName("0001.png"));
  const counts = { train: 0, valid: 0, test: 0 };
  for (let index = 0; index < 10_000; index++) counts[splitByName(`${String(index).padStart(5, "0")}.png`)]++;
  expect(counts.train / 10_000).toBeCloseTo(0.7, 1);
  expect(counts.valid / 10_000).toBeCloseTo(0.2, 1);
  expect(counts.test / 10_000).toBeCloseTo(0.1, 1);
});

test("what somebody chose stands above the folders, except where the folders were chosen", () => {
  const chosen = { split: "test", classesFromFolders: false, label: " cat " } as const;
  expect(place("train/7/a.png", chosen)).toEqual({ split: "test", label: "cat" });
  expect(place("train/7/a.png", { split: "folders", classesFromFolders: true, label: "cat" })).toEqual({
    split: "train",
    label: "7",
  });
  expect(place("train/a.png", { split: "folders", classesFromFolders: true, label: "" }, "valid"), "a list").toEqual({
    split: "valid",
    label: null,
  });
  expect(place("a.png", chosen, "valid").split).toBe("test");
  expect(place("a.png", { split: "folders", classesFromFolders: true, label: "" })).toEqual({
    split: splitByName("a.png"),
    label: null,
  });
});

test("a page offers, and calls by its type, what the server takes", () => {
  for (const type of IMAGE_TYPES) expect(ACCEPTED_IMAGES.split(",")).toContain(type);
  for (const name of ["a.jpg", "a.TIF", "a.dib", "a.avif"]) {
    expect(IMAGE_TYPES).toContain(imageTypeOf(name));
    expect(ACCEPTED_FILES.split(",")).toContain(name.slice(1).toLowerCase());
  }
  expect([imageTypeOf("a"), imageTypeOf("a.constructor"), imageTypeOf("a.txt")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("a file is known by its name; hidden ones and what macOS adds are passed over", () => {
  expect(
    [
      "a.JPG",
      "x/a.webp",
      "IMG_1",
      "a.json",
      "x.yaml",
      "a.zip",
      ".DS_Store",
      "__MACOSX/a.png",
      "x/.git/a.png",
      "a.svg",
      "a.tar.gz",
      "a.BMP",
      "obj.names",
      "_darknet.labels",
      "IMG_1.HEIC",
      "a.mov",
      "a.dng",
      "a.csv",
    ].map(kindOf),
  ).toEqual([
    "image",
    "image",
    "image",
    "annotation",
    "annotation",
    "zip",
    "hidden",
    "hidden",
    "hidden",
    "other",
    "archive",
    "image",
    "annotation",
    "annotation",
    "heic",
    "video",
    "cameraRaw",
    "table",
  ]);
});
