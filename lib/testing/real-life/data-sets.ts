/*
 * Data sets as tools write them, of images that are 32 wide and 24 high, and what is right for each.
 */

type Split = "TRAIN" | "VALID" | "TEST";
type Edges = readonly [label: string, x: number, y: number, width: number, height: number];

export interface RealDataSet {
  /** By path: a text, or the name of one of files/. */
  files: Readonly<Record<string, string | { image: string }>>;
  /** By file name. */
  images: Readonly<Record<string, { split: Split; boxes: readonly Edges[] }>>;
  failures: Readonly<Record<string, RegExp>>;
  notes: Readonly<Record<string, RegExp>>;
}

const [first, second, third] = [{ image: "plain.png" }, { image: "24-bit.bmp" }, { image: "plain.jpg" }];
const lines = (...text: string[]): string => `${text.join("\n")}\n`;

/** A quarter of the width and half of the height about the middle: 8 × 12 at 12, 6. */
const MIDDLE = ".5 .5 .25 .5";

export const REAL_DATA_SETS: Readonly<Record<string, RealDataSet>> = {
  "CVAT, YOLO 1.1": {
    files: {
      "obj.data": lines(
        "classes = 2",
        "train = data/train.txt",
        "valid = data/valid.txt",
        "names = data/obj.names",
        "backup = backup/",
      ),
      "obj.names": lines("cat", "dog"),
      "train.txt": lines("data/obj_train_data/a.png"),
      "valid.txt": lines("data/obj_valid_data/b.bmp"),
      "obj_train_data/a.png": first,
      "obj_train_data/a.txt": lines(`1 ${MIDDLE}`),
      "obj_valid_data/b.bmp": second,
      "obj_valid_data/b.txt": lines(`0 ${MIDDLE}`),
    },
    images: {
      "a.png": { split: "TRAIN", boxes: [["dog", 12, 6, 8, 12]] },
      "b.bmp": { split: "VALID", boxes: [["cat", 12, 6, 8, 12]] },
    },
    failures: {},
    notes: {},
  },
  "Label Studio, YOLO": {
    files: {
      "classes.txt": lines("犬", "猫"),
      "notes.json":
        '{"categories": [{"id": 0, "name": "犬"}, {"id": 1, "name": "猫"}], "info": {"year": 2026, "version": "1.0", "contributor": "Label Studio"}}',
      "val/images/a.png": first,
      "val/labels/a.txt": lines(`1 ${MIDDLE}`, `2 ${MIDDLE}`, "0 1.5 .5 .1 .1", "0 .9375 .5 .25 .5"),
    },
    // the last reaches out of the image by a sixteenth of its width, and is cut there: 26 to 32
    images: { "a.png": { split: "VALID", boxes: [["猫", 12, 6, 8, 12], ["犬", 26, 6, 6, 12]] } }, // prettier-ignore
    failures: { "val/labels/a.txt": /1 box has a class .*class "2", line 2|1 box cannot be read \(line 3\)/ },
    notes: {},
  },
  "Ultralytics, pose": {
    files: {
      "data.yaml": lines(
        "path: ../pets",
        "train: images/first",
        "val: images/dev",
        "kpt_shape: [2, 3]",
        "names:",
        "  0: cat",
      ),
      "images/first/a.png": first,
      "labels/first/a.txt": lines(`0 ${MIDDLE} .45 .4 2 .55 .6 1`),
      "images/dev/b.jpg": third,
      "labels/dev/b.txt": lines(`0 ${MIDDLE} 0 0 0 0 0 0`),
    },
    images: {
      "a.png": { split: "TRAIN", boxes: [["cat", 12, 6, 8, 12]] },
      "b.jpg": { split: "VALID", boxes: [["cat", 12, 6, 8, 12]] },
    },
    failures: {},
    notes: { "labels/first/a.txt": /1 box is kept without the keypoints/, "labels/dev/b.txt": /without the keypoints/ },
  },
  "Ultralytics, rotated boxes": {
    files: {
      "data.yaml": lines("train: images/train", "names: [car]"),
      // a square of 8 on its corner at 16, 12: corners 8 away over √2 … as shares of 32 and 24
      "images/train/a.png": first,
      "labels/train/a.txt": lines("0 .5 .25 .6875 .5 .5 .75 .3125 .5"),
    },
    images: { "a.png": { split: "TRAIN", boxes: [["car", 10, 6, 12, 12]] } },
    failures: {},
    notes: { "labels/train/a.txt": /1 rotated box is kept as the upright box around it/ },
  },
  "COCO 2017, without bbox": {
    files: {
      "val2017/a.png": first,
      "train2017/b.bmp": second,
      "annotations/instances_val2017.json": JSON.stringify({
        images: [{ id: 7, file_name: "a.png", width: 32, height: 24 }],
        categories: [{ id: 3, name: "cat" }],
        annotations: [
          { id: 1, image_id: 7, category_id: 3, segmentation: [[4, 2, 20, 4, 10, 18]] },
          // from pixel 51 on, 3 down: column 2 (24 a column), rows 3 to 5
          { id: 2, image_id: 7, category_id: 3, iscrowd: 1, segmentation: { size: [24, 32], counts: [51, 3, 714] } },
        ],
      }),
    },
    images: {
      "a.png": { split: "VALID", boxes: [["cat", 4, 2, 16, 16], ["cat", 2, 3, 1, 3]] }, // prettier-ignore
      "b.bmp": { split: "TRAIN", boxes: [] },
    },
    failures: {},
    notes: { "annotations/instances_val2017.json": /2 polygons or masks are kept/ },
  },
  "Pascal VOC": {
    files: {
      "VOC2012/JPEGImages/2007_000001.jpg": third,
      "VOC2012/Annotations/2007_000001.xml":
        "<annotation><filename>2007_000001.jpg</filename><size><width>32</width><height>24</height></size><object><name>cat</name><bndbox><xmin>13</xmin><ymin>7</ymin><xmax>20</xmax><ymax>18</ymax></bndbox></object></annotation>",
      "VOC2012/ImageSets/Main/train.txt": lines("2007_000009"),
      "VOC2012/ImageSets/Main/val.txt": lines("2007_000001"),
      "VOC2012/ImageSets/Main/cat_val.txt": lines("2007_000001  1"),
      "VOC2012/labelmap.txt": lines("# label:color_rgb:parts:actions", "cat:10,20,30::"),
    },
    images: { "2007_000001.jpg": { split: "VALID", boxes: [["cat", 12, 6, 8, 12]] } },
    failures: {},
    notes: {},
  },
  "a telephone's album": {
    files: {
      "IMG_1.HEIC": { image: "telephone.heic" },
      "IMG_1.MOV": "-",
      "test/IMG_2.jpg": { image: "rubbish-between.jpg" },
      "labels.csv": "filename,xmin\n",
      "IMG_2.json": '{"version":"5.4.1","shapes":[],"imagePath":"IMG_2.jpg"}',
    },
    images: { "IMG_2.jpg": { split: "TEST", boxes: [] } },
    failures: {
      "IMG_1.HEIC": /Most Compatible/,
      "IMG_1.MOV": /ffmpeg/,
      "labels.csv": /Export COCO, YOLO or Pascal VOC instead/,
      "IMG_2.json": /labelme2coco/,
    },
    notes: { "test/IMG_2.jpg": /damaged, and was taken as viewers show it/ },
  },
};
