import { expect, test } from "vitest";
import { FORMAT_NAMES, FORMATS, nameOfFormat } from "@/lib/domain/exports";
import { toFormat } from "./answers";

test("each format has one name in paths, which leads back to it", () => {
  expect(FORMAT_NAMES.map((name) => nameOfFormat(toFormat(name)))).toEqual(FORMAT_NAMES);
  expect(FORMAT_NAMES.map(toFormat)).toEqual(Object.values(FORMATS));
});

test.each(["", "FOLDER", "Coco", "voc ", "constructor", "__proto__"])("nothing is at a format called %j", (name) => {
  expect(() => toFormat(name)).toThrow(expect.objectContaining({ code: "not_found" }));
});
