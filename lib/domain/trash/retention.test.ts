import { expect, test } from "vitest";
import { DAY_MS, RETENTION_MS } from "@/lib/testing/lifecycle";
import { timeLeft } from "./retention";

const HOUR_MS = DAY_MS / 24;
const now = new Date("2026-11-23T12:00:00Z");

test.each([
  ["30 × 24 h", RETENTION_MS, { unit: "days", value: 30, urgent: false }],
  ["a little less", RETENTION_MS - 1, { unit: "days", value: 30, urgent: false }],
  ["3 days and a moment", 3 * DAY_MS + 1, { unit: "days", value: 4, urgent: false }],
  ["3 days", 3 * DAY_MS, { unit: "days", value: 3, urgent: true }],
  ["a day", DAY_MS, { unit: "days", value: 1, urgent: true }],
  ["a moment less than a day", DAY_MS - 1, { unit: "hours", value: 23, urgent: true }],
  ["an hour", HOUR_MS, { unit: "hours", value: 1, urgent: true }],
  ["a moment", 1, { unit: "underAnHour", value: 0, urgent: true }],
  ["nothing", 0, { unit: "due", value: 0, urgent: true }],
  ["an hour ago", -HOUR_MS, { unit: "due", value: 0, urgent: true }],
])("%s is left: never 0 days, amber from 3 days", (_what, ms, expected) => {
  expect(timeLeft(new Date(now.getTime() + ms), now)).toEqual(expected);
});
