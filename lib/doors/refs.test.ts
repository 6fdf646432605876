import { expect, test } from "vitest";
import { NUMBER_MAX } from "./fields";
import { toProjectRef, toTrainingRef, toVersionRef } from "./refs";

const path = { workspace: "acme", project: "hard-hats", version: "3", training: "0190a0b0-1" };

test("a path of a page is the domain's ref of the same thing", () => {
  expect(toProjectRef(path)).toEqual({ workspaceSlug: "acme", projectSlug: "hard-hats" });
  expect(toVersionRef(path)).toEqual({ workspaceSlug: "acme", projectSlug: "hard-hats", number: 3 });
  expect(toTrainingRef(path)).toMatchObject({ number: 3, trainingId: "0190a0b0-1" });
  expect(toVersionRef({ ...path, version: String(NUMBER_MAX) }).number).toBe(NUMBER_MAX);
});

test.each([
  ...["", "0", "03", "-1", "+3", "1e3", "3.0", " 3", "0x3", String(NUMBER_MAX + 1), "9".repeat(20)].map((version) => ({
    version,
  })),
  ...["", "Acme", "a_b", "-a", "2024", "a\0", "a/b", "a".repeat(64)].flatMap((slug) => [
    { workspace: slug },
    { project: slug },
  ]),
])("a path with %j is one where nothing is, before any database is asked", (wrong) => {
  expect(() => toVersionRef({ ...path, ...wrong })).toThrow(expect.objectContaining({ code: "not_found" }));
});

test.each(["", "a b", "a\0", "é", "a".repeat(201)])("nor is there a training called %j", (training) => {
  expect(() => toTrainingRef({ ...path, training })).toThrow(expect.objectContaining({ code: "not_found" }));
});
