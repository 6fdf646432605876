import { expect, test } from "vitest";
import { readSplitLists } from "./split-lists";

async function splitsOf(files: Record<string, string>, paths: string[]): Promise<(string | null)[]> {
  const lists = await readSplitLists(
    Object.entries(files).map(([path, text]) => {
      const blob = new Blob([text]);
      return { path, sizeBytes: blob.size, open: async () => blob };
    }),
  );
  return paths.map((path) => lists.of(path));
}

test("Darknet's and CVAT's lists name the splits of their images, by path or by name", async () => {
  const files = {
    "obj.data": "classes = 2\r\ntrain = data/train.txt\r\nvalid = data/test.txt # theirs\r\nnames = data/obj.names\r\n",
    "train.txt": "data/obj_train_data/a.jpg\ndata/obj_train_data/b.jpg\n",
    "test.txt": "./data/other/c.JPG\n",
  };
  expect(await splitsOf(files, ["x/obj_train_data/a.jpg", "b.jpg", "c.jpg", "d.jpg", "a.png"])).toEqual([
    "train",
    "train",
    "valid",
    null,
    null,
  ]);
});

test("of images of one name the one counts that lies in the folder of the list; where that does not tell, none does", async () => {
  const files = { "train.txt": "one/1.jpg\n", "val.txt": "two/1.jpg\n" };
  expect(await splitsOf(files, ["set/one/1.jpg", "set/two/1.jpg", "set/three/1.jpg"])).toEqual([
    "train",
    "valid",
    null,
  ]);
});

test("Pascal VOC lists images without their extension, and for detection in Main", async () => {
  const files = {
    "VOC/ImageSets/Main/train.txt": "2007_000001\nimg.v2\n",
    "VOC/ImageSets/Main/val.txt": "2007_000002\n",
    "VOC/ImageSets/Main/cat_train.txt": "2007_000002 1\n",
    "VOC/ImageSets/Segmentation/train.txt": "2007_000002\n",
  };
  const paths = ["2007_000001", "img.v2", "2007_000002"].map((name) => `VOC/JPEGImages/${name}.jpg`);
  expect(await splitsOf(files, paths)).toEqual(["train", "train", "valid"]);
});

test("data.yaml names folders and lists of any name: val is valid", async () => {
  const yaml = [
    "path: ../datasets/cats",
    "train:",
    "  - images/first  # some",
    "  - 'images/second'",
    "val: [images/dev]",
    "test: held-out.txt",
    "names:",
    "  - images/none",
  ].join("\n");
  const files = { "cats/data.yaml": yaml, "cats/held-out.txt": "images/rest/9.png\n" };
  const paths = [
    "cats/images/first/1.png",
    "cats/images/second/1.png",
    "cats/images/dev/1.png",
    "cats/images/rest/9.png",
    "cats/images/none/1.png",
  ];
  expect(await splitsOf(files, paths)).toEqual(["train", "train", "valid", "test", null]);
});

test("labels of an image that is called as a split are no list", async () => {
  expect(await splitsOf({ "labels/train.txt": "0 .5 .5 .1 .1\n" }, ["images/train.jpg", "0.jpg"])).toEqual([
    null,
    null,
  ]);
});
