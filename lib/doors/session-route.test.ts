import { expect, test } from "vitest";
import { assertSameOrigin } from "./session-route";

const request = (method: string, headers: Record<string, string>) =>
  new Request("http://app.example/data/x", { method, headers: { host: "app.example", ...headers } });

test.each([
  ["GET", {}],
  ["HEAD", { origin: "https://evil.example" }],
  ["POST", { origin: "http://app.example" }],
  ["PUT", { origin: "https://public.example", "x-forwarded-host": "public.example" }],
  ["DELETE", { "sec-fetch-site": "same-origin" }],
])("%s with %j may pass", (method, headers) => {
  expect(() => assertSameOrigin(request(method, headers))).not.toThrow();
});

test.each([
  ["POST", {}],
  ["POST", { origin: "https://evil.example" }],
  ["POST", { origin: "null" }],
  ["PUT", { "sec-fetch-site": "same-site" }],
  ["DELETE", { origin: "http://app.example.evil.example" }],
])("%s with %j is refused as coming from another site", (method, headers) => {
  expect(() => assertSameOrigin(request(method, headers))).toThrow("another site");
});
