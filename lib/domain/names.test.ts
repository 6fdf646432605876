import { expect, test } from "vitest";
import { normalizeName, parseLabel, parseName, parseNote, toFileName } from "./names";

const COMPOSED = "caf\u00e9";
const DECOMPOSED = "cafe\u0301";

test("a name is stored composed, however it was typed", () => {
  expect(parseName(DECOMPOSED)).toBe(COMPOSED);
  expect(normalizeName(DECOMPOSED)).toBe(normalizeName(COMPOSED));
});

test("white space around a name does not count, inside it does", () => {
  expect(parseName(" \t digits  baseline\u3000\n")).toBe("digits  baseline");
});

test("case and look-alike letters count", () => {
  expect(parseName("Baseline")).not.toBe(parseName("baseline"));
  expect(parseName("b\u0430seline")).not.toBe(parseName("baseline"));
});

test.each(["", "   ", "\u3000\t"])("a name of nothing but %j is refused", (name) => {
  expect(() => parseName(name)).toThrow(expect.objectContaining({ code: "invalid_input", details: { field: "name" } }));
});

test.each(["a\nb", "a\0b", "a\u001b[31mb", "a\u0085b"])("control characters as in %j are refused", (name) => {
  expect(() => parseName(name)).toThrow(expect.objectContaining({ code: "invalid_input", details: { field: "name" } }));
});

test("a name has at most 200 characters, counted once it is composed and trimmed", () => {
  expect(parseName(`  ${"e\u0301".repeat(200)}  `)).toHaveLength(200);
  expect(() => parseName("x".repeat(201))).toThrow(expect.objectContaining({ code: "invalid_input" }));
});

test("emoji, Japanese and right-to-left names are names", () => {
  for (const name of ["🪴 plants", "手書きの数字", "أرقام"]) expect(parseName(name)).toBe(name);
});

test.each([
  ["cats/tom.jpg", "tom.jpg"],
  ["C:\\photos\\tom.jpg", "tom.jpg"],
  ["../../etc/passwd", "passwd"],
  [`${DECOMPOSED}.png`, `${COMPOSED}.png`],
  [" a\u202Egpj.exe\0\n", "agpj.exe"],
  ["..", "image"],
  ["", "image"],
  ["folder/", "image"],
  [".hidden.png", ".hidden.png"],
])("a file given as %j is called %j", (given, name) => {
  expect(toFileName(given)).toBe(name);
});

test("a file name that is too long keeps its end, and never half a character", () => {
  const name = toFileName(`${"💩".repeat(200)}.png`);
  expect(name).toMatch(/^(💩)+\.png$/u);
  expect(name.length).toBeLessThanOrEqual(255);
});

test("a class name is stored composed and trimmed, and is one line", () => {
  expect(parseLabel(` ${DECOMPOSED} `)).toBe(COMPOSED);
  expect(parseLabel("[draft")).toBe("[draft");
  for (const label of [
    "",
    " ",
    "a\nb",
    "a\0",
    "\uD800",
    "a\u2028b",
    "x".repeat(201),
    '["cat", "dog"]',
    ' ["cat"] ',
    "{}",
  ])
    expect(() => parseLabel(label), label).toThrow(
      expect.objectContaining({ code: "invalid_input", details: { field: "label" } }),
    );
});

test("a reason is one line, composed and trimmed; to say nothing is to give none", () => {
  expect(parseNote(` ${DECOMPOSED}! `)).toBe(`${COMPOSED}!`);
  for (const nothing of [undefined, "", " \t "]) expect(parseNote(nothing)).toBeNull();
  expect(parseNote("x".repeat(500))).toHaveLength(500);
  for (const note of ["a\nb", "a\0", "\uD800", "a\u2028b", "x".repeat(501)])
    expect(() => parseNote(note), note).toThrow(
      expect.objectContaining({ code: "invalid_input", details: { field: "reason" } }),
    );
});
