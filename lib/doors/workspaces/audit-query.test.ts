import { expect, test } from "vitest";
import { outcomeOf } from "@/lib/testing/lifecycle";
import { auditDownloadHref, auditHref, isFiltered, readAuditQuery, toAuditFilter } from "./audit-query";

const span = (query: { from?: string; to?: string }, timeZone: string) => {
  const { from, to } = toAuditFilter(query, timeZone);
  return [from?.toISOString(), to?.toISOString()];
};

test("an address says what is asked for, and what is empty or unknown in it asks for nothing", () => {
  const query = readAuditQuery({ actor: "ada", action: "", from: ["2026-01-01", "2027-01-01"], nonsense: "x" });
  expect(query).toEqual({ actor: "ada", from: "2026-01-01" });
  expect(auditHref("acme", query)).toBe("/acme/settings/audit-log?actor=ada&from=2026-01-01");
  expect(auditHref("acme", {})).toBe("/acme/settings/audit-log");
  expect([isFiltered(query), isFiltered({ before: "x" })]).toEqual([true, false]);
});

test("a download has the filters of the page, and not its place in the log", () => {
  expect(auditDownloadHref("acme", "csv", { actor: "a b", before: "x", after: "y" })).toBe(
    "/data/acme/audit-log/csv?actor=a+b",
  );
});

test("days are those of whoever looks, from the first moment of one to the last of the other", () => {
  const days = { from: "2026-03-28", to: "2026-03-29" };
  expect(span(days, "UTC")).toEqual(["2026-03-28T00:00:00.000Z", "2026-03-30T00:00:00.000Z"]);
  expect(span(days, "Asia/Tokyo")).toEqual(["2026-03-27T15:00:00.000Z", "2026-03-29T15:00:00.000Z"]);
  expect(span(days, "Europe/Berlin")).toEqual(["2026-03-27T23:00:00.000Z", "2026-03-29T22:00:00.000Z"]); // an hour is lost that night
  expect(span(days, "America/Los_Angeles")).toEqual(["2026-03-28T07:00:00.000Z", "2026-03-30T07:00:00.000Z"]);
  expect(span({ from: "2026-10-25" }, "Europe/Berlin")).toEqual(["2026-10-24T22:00:00.000Z", undefined]);
});

test("an instant is itself", () => {
  expect(span({ from: "2026-01-01T10:00:00+09:00", to: "2026-01-02T00:00Z" }, "Asia/Tokyo")).toEqual([
    "2026-01-01T01:00:00.000Z",
    "2026-01-02T00:00:00.000Z",
  ]);
});

test.each([
  { action: "nonsense" },
  { type: "nonsense" },
  { from: "yesterday" },
  { from: "2026-02-30" },
  { to: "2026-13-01" },
  { to: "10000-01-01" },
  { from: "2026-01-01T25:00:00Z" },
  { actor: "a\0b" },
  { item: "x".repeat(201) },
])("%j cannot be looked for, and is never answered with everything", async (query) => {
  expect(await outcomeOf(Promise.resolve().then(() => toAuditFilter(query, "UTC")))).toBe("invalid_input");
});

test("actions are asked for one by one or in groups, items by their type", () => {
  expect(toAuditFilter({ action: "trash", type: "version", item: "x" }, "UTC")).toMatchObject({
    action: "trash",
    type: "version",
    item: "x",
  });
  expect(toAuditFilter({ action: "image.uploaded" }, "UTC")).toMatchObject({ action: "image.uploaded" });
});
