import { expect, test } from "vitest";
import { describeFailure, parseFailureReason } from "./generation-failure";

test("a stored reason that is not known any more is one of ours, and none stays none", () => {
  expect([
    parseFailureReason("unreadable_image"),
    parseFailureReason("of an older version"),
    parseFailureReason(null),
  ]).toEqual(["unreadable_image", "internal", null]);
  expect(describeFailure("of an older version", "stack")).not.toMatch(/older|stack/);
  expect(describeFailure("unreadable_image", "a.png")).toContain('"a.png"');
});
