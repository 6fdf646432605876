import { expect, test } from "vitest";
import { readWanted } from "./ranges";

const FILE = { etag: '"a-1"', sizeBytes: 1000 };
const wanted = (headers: Record<string, string>, method = "GET") =>
  readWanted(new Request("http://localhost/x", { method, headers }), FILE);

test.each([
  ["bytes=0-", 0, 999],
  ["bytes=400-", 400, 999],
  ["bytes=400-499", 400, 499],
  ["bytes=999-999", 999, 999],
  ["bytes=400-5000", 400, 999],
  ["bytes=-1", 999, 999],
  ["bytes=-5000", 0, 999],
  ["Bytes = 0 - 1", 0, 1],
])("%s is a part from %i to %i", (range, start, end) => {
  expect(wanted({ range })).toEqual({ kind: "part", start, end });
  expect(wanted({ range, "if-range": FILE.etag })).toEqual({ kind: "part", start, end });
});

test.each(["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=999999999999999-"])("%s is beyond", (range) => {
  expect(wanted({ range })).toEqual({ kind: "beyond" });
});

test.each(["", "bytes=", "bytes=-", "bytes=2-1", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "bytes=0x1-", "0-1"])(
  "%j is passed over",
  (range) => expect(wanted({ range })).toEqual({ kind: "whole" }),
);

test.each(['"a-2"', 'W/"a-1"', "Wed, 21 Oct 2026 07:28:00 GMT", "*"])("If-Range %s asks for the whole", (tag) => {
  expect(wanted({ range: "bytes=400-", "if-range": tag })).toEqual({ kind: "whole" });
});

test("HEAD has no parts, and conditions come before ranges", () => {
  expect(wanted({ range: "bytes=400-" }, "HEAD")).toEqual({ kind: "whole" });
  expect(wanted({ "if-none-match": 'W/"x", W/"a-1"', range: "bytes=4000-" })).toEqual({ kind: "same" });
  expect(wanted({ "if-none-match": '"x"' })).toEqual({ kind: "whole" });
  expect(wanted({ "if-match": '"x"', range: "bytes=400-" })).toEqual({ kind: "other" });
  expect(wanted({ "if-match": '"x", "a-1"', range: "bytes=400-" })).toMatchObject({ kind: "part" });
  expect(wanted({ "if-match": "*" })).toEqual({ kind: "whole" });
});
