import { expect, test } from "vitest";
import { parse } from "yaml";
import { writeDataYaml } from "@/lib/engine/export/data-yaml";

const PATHS = { train: "../train/images", val: "../valid/images", test: "../test/images" };

test("names the three folders and the classes, each a quoted text", () => {
  expect(writeDataYaml(["no", "helmet"], PATHS)).toBe(
    `train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 2\nnames:\n  - "no"\n  - "helmet"\n`,
  );
  expect(parse(writeDataYaml([], PATHS))).toMatchObject({ nc: 0, names: [] });
});

test("any name is ASCII in it, and the same text when it is read as YAML 1.1", () => {
  const names = [
    ..."no y ON null ~ = << 1_000 0x1F 0o7 017 1e3 .5 1:30 2026-01-02 .inf .NaN !!str &a *b - ? | > % @ `".split(" "),
    "a: b",
    "#x",
    " padded ",
    "",
    'it\'s "quoted"',
    "back\\slash",
    "two\nlines\r\n\tand\u0085\u2028more\u0000",
    "\u007F\u009F\uFEFF\uFFFE",
    "犬",
    "é e\u0301",
    "🐱 👩‍🚀",
    "[a, b]",
    "{a: b}",
    "x".repeat(2000),
  ];
  const text = writeDataYaml(names, PATHS);
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  expect(parse(text, { version: "1.1" })).toEqual({ ...PATHS, nc: names.length, names });
  expect(text).toContain('- "\\u72AC"');
  expect(text).toContain('"\\U0001F431 \\U0001F469\\u200D\\U0001F680"');
});
