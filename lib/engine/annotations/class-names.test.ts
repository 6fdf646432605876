import { expect, test } from "vitest";
import { parseAnnotations } from "@/lib/engine/annotations/annotations";
import { entry, image } from "@/lib/testing/annotation-files";

const LABEL = entry("labels/a.txt", "1 .5 .5 .1 .1");
const read = (...files: { name: string; text: string }[]) => {
  const { boxes, problems } = parseAnnotations([LABEL, ...files], [image("a.jpg")]);
  return { label: boxes.get("a.jpg")?.[0]?.label, problems: problems.map(({ file, code }) => [file, code]) };
};

test.each([
  ["Ultralytics, a list", "data.yaml", "names: ['cat', 'dog']"],
  ["Ultralytics, a map", "coco8.yaml", "names:\n  0: cat\n  1: dog"],
  ["LabelImg and Label Studio", "classes.txt", "cat\r\ndog\r\n"],
  ["Darknet and CVAT", "obj.names", "cat\ndog"],
  ["Darknet, under another name", "data/animals.names", "cat\ndog"],
  ["Roboflow's Darknet", "train/_darknet.labels", "cat\ndog\n"],
  ["Roboflow's YOLOv4", "_classes.txt", "cat\ndog\n"],
  [
    "Label Studio's notes",
    "notes.json",
    '{"categories": [{"id": 1, "name": "dog"}, {"id": 0, "name": "cat"}], "info": {}}',
  ],
  ["makesense", "labels.txt", "cat\ndog"],
  ["PaddleDetection", "label_list.txt", "cat\ndog"],
  ["LabelImg's settings", "predefined_classes.txt", "cat\ndog\n"],
])("class names are read from what %s writes", (_tool, name, text) => {
  expect(read(entry(name, text))).toEqual({ label: "dog", problems: [] });
});

test("of several lists in a folder the more telling one counts, and one that says otherwise is told", () => {
  const classes = entry("classes.txt", "cat\ndog\n");
  const predefined = entry("predefined_classes.txt", "person\nbike\ncar\n");
  const differs = { label: "dog", problems: [["predefined_classes.txt", "names_differ"]] };
  expect(read(classes, predefined)).toEqual(differs);
  expect(read(predefined, classes)).toEqual(differs);
  expect(read(classes, entry("notes.json", '{"categories":[{"id":0,"name":"cat"},{"id":1,"name":"dog"}]}'))).toEqual({
    label: "dog",
    problems: [],
  });
  expect(read(predefined, entry("labels/classes.txt", "cat\ndog")), "a nearer one").toEqual({
    label: "dog",
    problems: [],
  });
});

test("what is called as a list of names and holds boxes belongs to its image", () => {
  const { boxes, problems } = parseAnnotations([entry("labels.txt", "0 .5 .5 .1 .1\n")], [image("labels.jpg")]);
  expect([boxes.get("labels.jpg"), problems]).toEqual([[expect.objectContaining({ label: "0" })], []]);
});

test("a broken list is told, and nothing else is lost by it", () => {
  expect(read(entry("notes.json", "{"))).toEqual({ label: "1", problems: [["notes.json", "unreadable"]] });
  expect(read(entry("notes.json", '{"title": "x"}')).problems).toEqual([["notes.json", "unknown_format"]]);
});
