import { expect, test } from "vitest";
import { toLocalPath } from "./session";

test.each(["/acme", "/acme/digits/3?split=train", "/acme#top", "/acme/日本語"])(
  "after sign-in one comes back to %s",
  (path) => {
    expect(toLocalPath(path)).toBe(path);
  },
);

test.each([
  ["/videos/?api_key=rp_secret", "/videos/"],
  ["/acme?x=1&api_key=rp_secret&y=%20", "/acme?x=1&y=%20"],
  ["/acme?API%5FKEY=rp_secret#top", "/acme"],
])("an API key in %j is in no address that one is sent to", (path, kept) => {
  expect(toLocalPath(path)).toBe(kept);
});

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
