import { expect, test } from "vitest";
import { parseReceiptPlace, parseReceiptView, receiptQuery, toReceiptFilters } from "./view";

test("an address is read into a view, and a view makes the same address", () => {
  const query = "?q=digits+100%25&type=versions&state=waiting&from=2026-11-01&to=2026-11-28&older=abc";
  const raw = Object.fromEntries(new URLSearchParams(query));
  const [view, place] = [parseReceiptView(raw), parseReceiptPlace(raw)];
  expect(view).toEqual({
    search: "digits 100%",
    type: "VERSION",
    state: "waiting",
    from: "2026-11-01",
    to: "2026-11-28",
  });
  expect(receiptQuery(view, place)).toBe(query);
});

test("what an address says that nobody knows means all of them", () => {
  const view = parseReceiptView({
    type: "pictures",
    state: "gone",
    from: "yesterday",
    to: ["2026-02-30"],
    q: undefined,
  });
  expect(receiptQuery(view, parseReceiptPlace({ older: "" }))).toBe("");
  expect(toReceiptFilters(view, "UTC")).toEqual({ search: "" });
  expect(parseReceiptView({ q: "x".repeat(1_000) }).search).toHaveLength(200);
});

test("days are whole days of the viewer's zone, the last one included", () => {
  const view = parseReceiptView({ from: "2026-11-28", to: "2026-11-28" });
  expect(toReceiptFilters(view, "Asia/Tokyo")).toMatchObject({
    from: new Date("2026-11-27T15:00:00Z"),
    until: new Date("2026-11-28T15:00:00Z"),
  });
});
