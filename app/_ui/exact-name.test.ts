import { expect, test } from "vitest";
import { escapeName, isOddName } from "./exact-name";

test("what cannot be seen or looks like something else is shown as its code point", () => {
  expect(escapeName("digits\u202Egpj.exe")).toBe("digits⟨U+202E⟩gpj.exe");
  expect(escapeName("base\u200Bline")).toBe("base⟨U+200B⟩line");
  expect(escapeName("b\u0430seline")).toBe("b⟨U+0430⟩seline");
  expect(escapeName("a\u00A0b\uFEFF")).toBe("a⟨U+00A0⟩b⟨U+FEFF⟩");
  expect(escapeName("cat\u200Ddog 👩\u200D🔬")).toBe("cat⟨U+200D⟩dog 👩\u200D🔬"); // a join that makes no emoji
});

test("ordinary names of any language stay as they are, emoji too", () => {
  for (const name of [
    "digits baseline",
    "数字のベースライン",
    "Überblick",
    "базовая версия",
    "デジタル 2",
    "👩‍🔬 lab ❤️",
    "naïve café",
    "x²",
  ])
    expect(escapeName(name)).toBe(name);
  expect(isOddName("digits baseline")).toBe(false);
  expect(isOddName("digits\u2066")).toBe(true);
});
