import { expect, test } from "vitest";
import { readImageBody } from "./body";

test("a body that says itself that it is over the limit is refused unread", () => {
  const request = new Request("http://test/", {
    method: "POST",
    headers: { "content-length": String(20 * 1024 ** 2 + 1) },
    body: "x",
  });
  expect(() => readImageBody(request)).toThrow(expect.objectContaining({ code: "payload_too_large" }));
  expect(request.bodyUsed).toBe(false);
});
