import { expect, test } from "vitest";
import { readStoreFailure, sentenceOfStoreFailure, STILL_THERE } from "./store-failure";

const named = (name: string, httpStatusCode?: number) =>
  Object.assign(new Error("arn:aws:s3:::secret"), { name, $metadata: { httpStatusCode } });
const coded = (code: string) => Object.assign(new Error("/var/lib/secret"), { code });

test.each([
  [named("AccessDenied", 403), "The store refused to remove the files (AccessDenied)."],
  [named("Unknown", 403), "The store refused to remove the files (403)."],
  [coded("EACCES"), "The store refused to remove the files (EACCES)."],
  [named("TimeoutError"), "The store did not answer in time (TimeoutError)."],
  [coded("ETIMEDOUT"), "The store did not answer in time (ETIMEDOUT)."],
  [named("SlowDown", 503), "The store was too busy (SlowDown)."],
  [coded("ECONNREFUSED"), "The store could not be reached (ECONNREFUSED)."],
  [named("NoSuchBucket", 404), "The store is not there (NoSuchBucket)."],
  [coded("NoSuchStore"), "The store is not there (NoSuchStore)."],
  [coded("EEXIST"), "Something is in the way where the files lie (EEXIST)."],
  [coded("EIO"), "The store's disk failed (EIO)."],
  [named("MalformedXML", 400), "The store did not remove the files (MalformedXML)."],
  [new Error("x"), "The store did not remove the files."],
  ["x", "The store did not remove the files."],
])("of %s members read what is the matter, in a sentence, and nothing of a path or a host", (error, sentence) => {
  const told = sentenceOfStoreFailure(error);
  expect(told.startsWith(sentence)).toBe(true);
  expect(told).toMatch(/ It is tried again by itself\.$/);
  expect(told).not.toMatch(/secret/);
});

test.each([
  [named("AccessDenied", 403), { kind: "refused", code: "AccessDenied" }],
  [coded("ETIMEDOUT"), { kind: "silent", code: "ETIMEDOUT" }],
  [named("SlowDown", 503), { kind: "busy", code: "SlowDown" }],
  [coded("ECONNREFUSED"), { kind: "unreachable", code: "ECONNREFUSED" }],
  [coded("NoSuchStore"), { kind: "absent", code: "NoSuchStore" }],
  [coded("EEXIST"), { kind: "blocked", code: "EEXIST" }],
  [coded("EIO"), { kind: "disk", code: "EIO" }],
  [named("MalformedXML", 400), { kind: "unknown", code: "MalformedXML" }],
  [new Error("x"), { kind: "unknown", code: null }],
])("of %s a page can say it in its own words", (error, read) => {
  expect(readStoreFailure(sentenceOfStoreFailure(error))).toEqual(read);
});

test("files that are still there are told apart from a store that failed, and words of other builds are understood", () => {
  expect(readStoreFailure(STILL_THERE)).toEqual({ kind: "stillThere", code: null });
  expect(readStoreFailure("The disk is on fire (HOT). Run.")).toEqual({ kind: "unknown", code: "HOT" });
});
