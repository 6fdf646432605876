import { expect, test } from "vitest";
import { negotiateLocale } from "./preferences";

test.each([
  [null, "en"],
  ["ja", "ja"],
  ["ja-JP,ja;q=0.9,en-US;q=0.8", "ja"],
  ["en-US,en;q=0.9,ja;q=0.8", "en"],
  ["fr-FR,fr;q=0.9", "en"],
  ["fr, ja;q=0.4, en;q=0.3", "ja"],
  ["ja;q=0, de", "en"],
  ["*", "en"],
])("a browser that asks for %j gets %s", (header, locale) => {
  expect(negotiateLocale(header)).toBe(locale);
});
