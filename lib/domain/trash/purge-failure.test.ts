import pg from "pg";
import { expect, test } from "vitest";
import en from "@/messages/en.json";
import ja from "@/messages/ja.json";
import { explainFailure, PURGE_FAILURES, sentenceOfFailure } from "./purge-failure";

const databaseError = (code: string) =>
  Object.assign(new pg.DatabaseError("relation /var/lib/secret", 0, "error"), { code });

test.each([
  ["a full disk", databaseError("53100"), { reason: "database_full", detail: "53100" }],
  ["a database that shuts down", databaseError("57P01"), { reason: "database_away", detail: "57P01" }],
  ["a refused connection", Object.assign(new Error("10.0.0.1"), { code: "ECONNREFUSED" }), { reason: "database_away" }],
  ["a deadlock", databaseError("40P01"), { reason: "deadlock", detail: "40P01" }],
  ["a row that something refers to", databaseError("23503"), { reason: "still_referred", detail: "23503" }],
  ["a store", Object.assign(new Error("s3"), { name: "AccessDenied", $metadata: {} }), { reason: "store" }],
  ["anything else of the database", databaseError("XX000"), { reason: "internal", detail: "XX000" }],
  ["anything else", new TypeError("x"), { reason: "internal", detail: "TypeError" }],
  ["what is no error", "x", { reason: "internal", detail: null }],
])("of %s it says in a word why, and nothing of a path or a host", (_what, error, expected) => {
  const told = explainFailure(error);
  expect(told).toMatchObject(expected);
  expect(JSON.stringify(told)).not.toMatch(/secret|10\.0/);
});

test("each reason has a sentence, for programs and in both languages of the pages", () => {
  for (const reason of PURGE_FAILURES) expect(sentenceOfFailure(reason)).toMatch(/\.$/);
  for (const { trash } of [en, ja])
    expect(Object.keys(trash.schedule.reasons).sort()).toEqual([...PURGE_FAILURES].sort());
});
