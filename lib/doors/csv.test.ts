import { expect, test } from "vitest";
import { csvRow } from "./csv";

test("values stand apart by commas, and what holds one, a quote or a line break is quoted", () => {
  expect(csvRow(["a", 'b "c", d', "e\nf", null, undefined, 3, -1, true, 5n])).toBe(
    'a,"b ""c"", d","e\nf",,,3,-1,true,5\r\n',
  );
  expect(csvRow([new Date("2026-01-02T03:04:05.678Z"), { images: 2 }, " spaces "])).toBe(
    '2026-01-02T03:04:05.678Z,"{""images"":2}"," spaces "\r\n',
  );
  expect(csvRow([])).toBe("\r\n");
});

test.each([
  "=1+1",
  "+1",
  "-1",
  "@SUM(A1)",
  "\tx",
  "\rx",
  "\nx",
  "＝1",
  "＋1",
  "－1",
  "＠x",
  '=HYPERLINK("http://x","y")',
])("no spreadsheet takes the text %j for a formula", (text) => {
  expect(csvRow([text]).replace(/^"/, "")).toMatch(/^'/);
  expect(csvRow(["a", text])).toContain("'");
});
