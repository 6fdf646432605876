import { expect, test } from "vitest";
import { parseAnnotations } from "@/lib/engine/annotations/annotations";
import { listsImages, namesClasses } from "@/lib/engine/annotations/side-files";
import { entry, image } from "@/lib/testing/annotation-files";

test("files that name classes are known by their name, wherever they lie", () => {
  const names = [
    "data.yaml",
    "x/y.yml",
    "data/obj.names",
    "a\\classes.txt",
    "_darknet.labels",
    "Notes.json",
    "labels.txt",
  ];
  expect(names.filter((name) => !namesClasses(name))).toEqual([]);
  expect(["a.txt", "classes.txt.png", "my_classes.txt", "labels/a.txt", "notes.txt"].filter(namesClasses)).toEqual([]);
});

test("lists of images are known by what is in them, or by where Pascal VOC keeps them", () => {
  expect(listsImages(entry("train.txt", "data/obj_train_data/a.jpg\r\n\r\n./b c.PNG\n"))).toBe(true);
  expect(listsImages(entry("ImageSets/Main/default.txt", "a\nb\n"))).toBe(true);
  expect(listsImages(entry("train.txt", "0 .5 .5 .1 .1\n"))).toBe(false);
  expect(listsImages(entry("empty.txt", "\n"))).toBe(false);
});

test("what lies beside labels and says nothing of objects is passed over without a word", () => {
  const beside = [
    entry("README.dataset.txt", "Hats - v1"),
    entry("obj.data", "classes = 1\ntrain = data/train.txt\nnames = data/obj.names\n"),
    entry("train.txt", "data/obj_train_data/a.jpg\n"),
    entry("labelmap.txt", "# label:color_rgb:parts:actions\ncat:10,20,30::\n"),
    entry("ImageSets/Main/cat_train.txt", "a 1\nb -1\n"),
  ];
  const { boxes, problems } = parseAnnotations([entry("a.txt", "0 .5 .5 .1 .1"), ...beside], [image("a.jpg")]);
  expect([boxes.get("a.jpg")?.length, problems]).toEqual([1, []]);
});
