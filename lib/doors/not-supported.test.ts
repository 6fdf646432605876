import { expect, it, test } from "vitest";
import { isReservedSlug } from "@/lib/domain/reserved-slugs";
import { findNotSupported, NOT_SUPPORTED } from "./not-supported";

const SLUG = /^(?=[^a-z]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const at = (pattern: string, params: Record<string, unknown>) => findNotSupported(pattern, params)?.code ?? null;

it("looks only where the route has a parameter: a route of an operation goes before the table", () => {
  expect(at("/{workspace}/{project}/{version}", { workspace: "a", project: "b", version: "jobs" })).toBe(
    "not_supported",
  );
  expect(at("/{workspace}/{project}/jobs", { workspace: "a", project: "b" })).toBeNull();
  expect(at("/{workspace}/{project}/jobs/{job}", { workspace: "a", project: "b", job: "jobs" })).toBeNull();
  expect(at("/models/{workspace}/{model}", { workspace: "a", model: "workflows" })).toBeNull();
  expect(at("/{...path}", { path: ["a", "devices", "v2", "d", "config", "history"] })).toBe("not_supported");
});

it("leaves every other path alone", () => {
  expect(at("/{workspace}/{project}/{version}", { workspace: "acme", project: "digits", version: "3" })).toBeNull();
  expect(at("/{workspace}/{project}", { workspace: "acme", project: "jobs" })).toBeNull();
  expect(at("/{workspace}", { workspace: "acme" })).toBeNull();
  expect(at("/", {})).toBeNull();
});

test("no workspace or project may have a word of the table for its slug, which would hide it", () => {
  const words = Object.keys(NOT_SUPPORTED)
    .map((row) =>
      row
        .split("/")
        .find((part) => part !== "" && !part.startsWith("{"))!
        .toLowerCase(),
    )
    .filter((word) => SLUG.test(word));
  expect(words).toContain("workflows");
  expect(words.filter((word) => !isReservedSlug(word))).toEqual([]);
});
