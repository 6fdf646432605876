import { expect, test } from "vitest";
import { EXPORT_FORMATS } from "@/lib/engine/export/layout";
import { formatName, formatOf, toFormat } from "./answers";

test("each format has one name in paths, which leads back to it", () => {
  expect(EXPORT_FORMATS.map((name) => formatName(formatOf(name)))).toEqual([...EXPORT_FORMATS]);
  expect(EXPORT_FORMATS.map(toFormat)).toEqual(EXPORT_FORMATS.map(formatOf));
});

test.each(["", "FOLDER", "Coco", "voc ", "constructor", "__proto__"])("nothing is at a format called %j", (name) => {
  expect(() => toFormat(name)).toThrow(expect.objectContaining({ code: "not_found" }));
});
