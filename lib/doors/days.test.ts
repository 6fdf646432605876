import { expect, test } from "vitest";
import { dayAfter, parseDay, startOfDay } from "./days";

test.each([
  ["2026-11-28", "UTC", "2026-11-28T00:00:00.000Z"],
  ["2026-11-28", "Asia/Tokyo", "2026-11-27T15:00:00.000Z"],
  ["2026-11-28", "America/Los_Angeles", "2026-11-28T08:00:00.000Z"],
  ["2026-11-28", "Asia/Kathmandu", "2026-11-27T18:15:00.000Z"],
  ["2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00.000Z"], // clocks go forward on that day
  ["2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00.000Z"],
  ["2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00.000Z"], // and back
  ["2026-10-26", "Europe/Berlin", "2026-10-25T23:00:00.000Z"],
])("%s in %s begins at %s", (day, zone, instant) => {
  expect(startOfDay(day, zone).toISOString()).toBe(instant);
});

test("what is no day of the calendar is none", () => {
  expect(["2024-02-29", "2026-11-28", "9999-12-31"].map(parseDay)).toEqual(["2024-02-29", "2026-11-28", "9999-12-31"]);
  for (const text of ["", "2026-02-29", "2026-13-01", "2026-1-1", "+12026-01-01", "today", "2026-11-28T00:00:00Z"])
    expect(parseDay(text), text).toBe("");
});

test("after the last day of a month or year comes the first of the next", () => {
  expect(["2026-11-28", "2026-02-28", "2024-02-28", "2026-12-31"].map(dayAfter)).toEqual([
    "2026-11-29",
    "2026-03-01",
    "2024-02-29",
    "2027-01-01",
  ]);
});
