import { expect, test } from "vitest";
import { detection, EXPORT_INFO, HATS, manifestOf, paths, plan, textAt } from "@/lib/testing/export-plans";

const BOXES = [
  { label: "helmet", x: 10, y: 5, width: 20, height: 10.5 },
  { label: "a, b", x: 99.75, y: 0, width: 0.25, height: 50 },
];
const TWO = [{ ...HATS[0]!, boxes: BOXES }, HATS[1]!];
const CLASSES = ["a, b", "helmet", '=1+1 "x"'];

test("TensorFlow's table has a row for each box, in whole pixels, names quoted where they must be and never altered", () => {
  const entries = plan("tensorflow", detection(TWO, CLASSES));
  expect(paths(entries)).toEqual([
    "README.dataset.txt",
    "train/_annotations.csv",
    "train/Photo 1.000000000000-0.jpg",
    "valid/_annotations.csv",
    "valid/b.000000000001-0.png",
  ]);
  expect(textAt(entries, "train/_annotations.csv")).toBe(
    `filename,width,height,class,xmin,ymin,xmax,ymax
Photo 1.000000000000-0.jpg,100,50,helmet,10,5,30,16
Photo 1.000000000000-0.jpg,100,50,"a, b",99,0,100,50
`,
  );
  expect(textAt(entries, "valid/_annotations.csv")).toBe("filename,width,height,class,xmin,ymin,xmax,ymax\n");
});

test("the table of classes has a column for each, named with the space that the hosted service writes", () => {
  const ofBoxes = plan("multiclass", detection(TWO, CLASSES));
  expect(paths(ofBoxes)).toContain("train/_classes.csv");
  expect(textAt(ofBoxes, "train/_classes.csv")).toBe(
    `filename," a, b", helmet," =1+1 ""x"""\nPhoto 1.000000000000-0.jpg, 1, 1, 0\n`,
  );
  expect(textAt(ofBoxes, "valid/_classes.csv")).toMatch(/\nb\.000000000001-0\.png, 0, 0, 0\n$/);
  const labels = [{ label: "helmet" }, { label: null }, { label: "head", name: "c,d.jpg" }];
  expect(textAt(plan("multiclass", manifestOf("classification", labels)), "train/_classes.csv")).toBe(
    `filename, head, helmet
a.000000000000-0.jpg, 0, 1
a.000000000001-0.jpg, 0, 0
"c,d.000000000002-0.jpg", 1, 0
`,
  );
});

test("CreateML has one file a split, boxes by their middles in pixels", () => {
  const entries = plan("createml", detection(TWO, CLASSES));
  expect(paths(entries).slice(1, 3)).toEqual(["train/_annotations.createml.json", "train/Photo 1.000000000000-0.jpg"]);
  expect(JSON.parse(textAt(entries, "train/_annotations.createml.json"))).toEqual([
    {
      image: "Photo 1.000000000000-0.jpg",
      annotations: [
        { label: "helmet", coordinates: { x: 20, y: 10.25, width: 20, height: 10.5 } },
        { label: "a, b", coordinates: { x: 99.875, y: 25, width: 0.25, height: 50 } },
      ],
    },
  ]);
  expect(JSON.parse(textAt(entries, "valid/_annotations.createml.json"))).toEqual([
    { image: "b.000000000001-0.png", annotations: [] },
  ]);
});

test.each([
  ["none", ["head"], "objects"],
  [" None", ["head", "objects"], "objects-2"],
  ["null", ["head"], "objects"],
  ["head", ["head"], "objects"], // a class above others is taken for none by trainers
  ["workers", ["none"], "workers"],
])("an annotation called %j beside classes %j has the COCO supercategory %j", (annotation, classes, expected) => {
  const entries = plan("coco", detection([{}], classes), { ...EXPORT_INFO, annotation });
  const { categories } = JSON.parse(textAt(entries, "train/_annotations.coco.json")) as {
    categories: { id: number; name: string; supercategory: string }[];
  };
  expect(categories).toEqual([
    { id: 0, name: expected, supercategory: "none" },
    ...classes.map((name, index) => ({ id: index + 1, name, supercategory: expected })),
  ]);
});
