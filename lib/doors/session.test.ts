import { expect, test } from "vitest";
import { toLocalPath } from "./session";

test.each(["/acme", "/acme/digits/3?split=train", "/acme#top", "/acme/日本語"])(
  "after sign-in one comes back to %s",
  (path) => {
    expect(toLocalPath(path)).toBe(path);
  },
);

test.each([
  null,
  "",
  "acme",
  "//evil.example",
  "/\\evil.example",
  "https://evil.example",
  "/a\\b",
  "/a\nb",
  "/\t/evil.example",
  "javascript:alert(1)",
  "/sign-in",
  "/sign-in?next=/x",
  "/api/auth/signout",
  ["/acme"],
])("%j leads to the start page, never elsewhere", (path) => {
  expect(toLocalPath(path)).toBe("/");
});
