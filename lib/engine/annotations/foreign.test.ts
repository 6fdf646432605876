import { expect, test } from "vitest";
import { parseAnnotations } from "@/lib/engine/annotations/annotations";
import { entry, image } from "@/lib/testing/annotation-files";

test.each([
  ["createml", "a.json", '[{"image":"a.jpg","annotations":[]}]'],
  ["label-studio", "project-1.json", '[{"id":1,"data":{"image":"/a.jpg"},"annotations":[{"result":[]}]}]'],
  ["labelme", "a.json", '{"version":"5.0","shapes":[],"imagePath":"a.jpg"}'],
  ["via", "via.json", '{"a.jpg123":{"filename":"a.jpg","size":123,"regions":[],"file_attributes":{}}}'],
  ["vott", "a-asset.json", '{"asset":{"name":"a.jpg"},"regions":[],"version":"2.1.0"}'],
  ["supervisely", "a.jpg.json", '{"description":"","size":{"height":1,"width":1},"objects":[]}'],
  ["cvat", "annotations.xml", '<?xml version="1.0"?><annotations><version>1.1</version></annotations>'],
  ["csv", "_annotations.csv", "filename,width\n"],
  ["jsonl", "a.jsonl", '{"image":"a.jpg"}\n'],
])("%s is known by name and not read", (format, name, text) => {
  expect(parseAnnotations([entry(name, text)], [image("a.jpg")]).problems).toEqual([
    { file: name, code: "unsupported_format", count: 1, details: { format } },
  ]);
});
