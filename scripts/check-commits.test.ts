import { expect, test } from "vitest";
import { faultsOf } from "./check-commits.mjs";

const commit = { hash: "0", subject: "fix(trash): keep the date of a repeated delete", body: "", files: 5 };

test("a Conventional Commit of 72 characters that changes five files needs no body", () => {
  expect(faultsOf(commit)).toEqual([]);
  expect(faultsOf({ ...commit, subject: "feat!: ".padEnd(72, "日") })).toEqual([]);
});

test.each(["Fix the date", "fix the date", "fixed: the date", "fix:the date", "fix: ", 'Merge branch "x"'])(
  "the subject %s is refused, for it is no Conventional Commit",
  (subject) => {
    expect(faultsOf({ ...commit, subject })).toEqual([expect.stringContaining("no Conventional Commit")]);
  },
);

test("a subject of 73 characters is refused", () => {
  expect(faultsOf({ ...commit, subject: "docs: ".padEnd(73, "x") })).toEqual([
    expect.stringContaining("73 characters"),
  ]);
});

test("six files without a body are refused, white space is none, and a body says why", () => {
  const wide = { ...commit, files: 6 };
  expect(faultsOf({ ...wide, body: "\n \n" })).toEqual([expect.stringContaining("6 files")]);
  expect(faultsOf({ ...wide, body: "The move is one of names only." })).toEqual([]);
});
