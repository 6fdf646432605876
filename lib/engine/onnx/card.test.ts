import { describe, expect, test } from "vitest";
import { readCard, readNames } from "@/lib/engine/onnx/card";

describe("class names as Python writes them", () => {
  test.each<[string, [number, string][]]>([
    ["{0: 'person', 1: 'bicycle'}", [[0, "person"], [1, "bicycle"]]],
    [`{0: "driver's seat", 1: 'a "b"', 5: 'c, 6: d'}`, [[0, "driver's seat"], [1, 'a "b"'], [5, "c, 6: d"]]],
    ["['cat', 'dog',]", [[0, "cat"], [1, "dog"]]],
    [String.raw`{0: 'it\'s', 1: 'a\\b', 2: '\u732b\x41'}`, [[0, "it's"], [1, String.raw`a\b`], [2, "猫A"]]],
    ["{}", []],
    ["{0: '猫'}", [[0, "猫"]]],
  ])("%s", (literal, names) => {
    expect([...readNames(literal)]).toEqual(names);
  }); // prettier-ignore

  test.each([
    "",
    "person",
    "{0: person}",
    "{0: 'a'",
    "{0: 'a'} + x",
    "{0: __import__('os')}",
    "{-1: 'a'}",
    "{999999: 'a'}",
  ])("refused: %s", (literal) => {
    expect(() => readNames(literal)).toThrow(/model\.json/);
  });
});

test("a model.json decides over the file's own words", async () => {
  const metadata = new Map([
    ["names", "{0: 'a'}"],
    ["imgsz", "[320, 640]"],
    ["task", "detect"],
  ]);
  expect(await readCard(metadata, null)).toEqual({
    width: 640,
    height: 320,
    classes: new Map([[0, "a"]]),
    task: "detect",
  });
  expect(await readCard(metadata, '{"classes": {"3": "c"}, "width": 64}')).toEqual({
    width: 64,
    height: 320,
    classes: new Map([[3, "c"]]),
    task: "detect",
  });
  expect(await readCard(new Map([["imgsz", "224"]]), null)).toMatchObject({ width: 224, height: 224, classes: null });
});
