import { expect, test } from "vitest";
import { detection, HATS, plan, textAt } from "@/lib/testing/export-plans";
import { ClassOrder } from "./class-order";

function orderOf(files: Record<string, string>, used: string[] = []): string[] {
  const order = new ClassOrder();
  for (const [name, text] of Object.entries(files)) order.read({ name, text });
  return order.list(used);
}

test("data.yaml gives its order as a list and by index, also of classes that no image has", () => {
  expect(orderOf({ "data.yaml": "names: [vest, helmet, head]" }, ["head"])).toEqual(["vest", "helmet", "head"]);
  expect(orderOf({ "data.yaml": "names:\n  10: ten\n  2: two\n  0: no\n" })).toEqual(["no", "two", "ten"]);
  expect(orderOf({ "classes.txt": "b\na\n" })).toEqual(["b", "a"]);
});

test("COCO gives the order of its ids, without the category above others that nothing has", () => {
  const file = (annotations: object[]) =>
    JSON.stringify({
      images: [],
      categories: [
        { id: 2, name: "b", supercategory: "things" },
        { id: 0, name: "things", supercategory: "none" },
        { id: 1, name: "c", supercategory: "things" },
      ],
      annotations,
    });
  expect(orderOf({ "a.json": file([]) })).toEqual(["c", "b"]);
  expect(orderOf({ "a.json": file([{ category_id: 0 }]) })).toEqual(["things", "c", "b"]);
});

test("our own downloads keep the order of the version, whatever it is", () => {
  const manifest = detection(HATS, ["helmet", "2", "head", "10", "犬"]);
  const inOrder = manifest.classes;
  expect(orderOf({ "data.yaml": textAt(plan("yolov8", manifest), "data.yaml") })).toEqual(inOrder);
  expect(orderOf({ "_annotations.coco.json": textAt(plan("coco", manifest), "train/_annotations.coco.json") })).toEqual(
    inOrder,
  );
});

test("what no file names follows, numbers by their size; what cannot be read says nothing", () => {
  expect(orderOf({ "data.yaml": "names: [b]" }, ["10", "9", "b", "a"])).toEqual(["b", "9", "10", "a"]);
  expect(orderOf({ "data.yaml": "names: [", "a.json": "{", "b.json": "[1]", "c.xml": "<a/>" }, ["a"])).toEqual(["a"]);
  expect(orderOf({ "data.yaml": "names: [' a ', a, '', b]" })).toEqual(["a", "b"]);
});
