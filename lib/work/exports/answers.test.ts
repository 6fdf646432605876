import { expect, test } from "vitest";
import { FORMAT_NAMES, FORMAT_WORDS, FORMATS_OF_TYPE, nameOfFormat, wordsOfFormats } from "@/lib/domain/exports";
import { toFormat } from "./answers";

test("each format has one name in paths, which leads back to it", () => {
  expect(FORMAT_NAMES.map((name) => nameOfFormat(toFormat(name)))).toEqual(FORMAT_NAMES);
  expect(new Set(FORMAT_NAMES.map(toFormat))).toEqual(new Set(Object.values(FORMATS_OF_TYPE).flat()));
  for (const word of FORMAT_WORDS) expect(wordsOfFormats([toFormat(word)])).toContain(word);
  expect(new Set(FORMAT_WORDS).size).toBe(FORMAT_WORDS.length);
});

test.each(["", "FOLDER", "Coco", "voc ", "constructor", "__proto__"])("nothing is at a format called %j", (name) => {
  expect(() => toFormat(name)).toThrow(expect.objectContaining({ code: "not_found" }));
});
