import { expect, test } from "vitest";
import { formatDuration, readMetrics } from "./metrics";

test("our own trainer's metrics are read as they are", () => {
  const metrics = {
    accuracy: 0.97,
    measuredOn: "test",
    images: { train: 70, valid: 20, test: 10 },
    classes: [],
    confusion: [[1]],
    epochs: 20,
    elapsedMs: 3200.5,
  };
  expect(readMetrics(metrics)).toEqual({
    accuracy: 0.97,
    measuredOn: "test",
    images: { train: 70, valid: 20, test: 10 },
    elapsedMs: 3200.5,
    others: [],
  });
});

test("what another trainer hands in never breaks the page: plain numbers stand under their own names", () => {
  expect(
    readMetrics({
      accuracy: "high",
      measuredOn: "moon",
      images: "many",
      elapsedMs: -1,
      map50: 0.61,
      f1: 0.5,
      note: "fine",
    }),
  ).toEqual({
    accuracy: null,
    measuredOn: null,
    images: null,
    elapsedMs: null,
    others: [
      ["elapsedMs", -1],
      ["map50", 0.61],
      ["f1", 0.5],
    ],
  });
  expect(readMetrics({})).toEqual({ accuracy: null, measuredOn: null, images: null, elapsedMs: null, others: [] });
});

test("a duration is told in the unit that fits, to a tenth where that says something", () => {
  expect([320, 3_210, 41_000, 90_000, 2_460_000, 9_000_000].map((ms) => formatDuration("en", ms))).toEqual([
    "0.3 sec",
    "3.2 sec",
    "41 sec",
    "1.5 min",
    "41 min",
    "2.5 hr",
  ]);
  expect(formatDuration("ja", 3_210)).toBe("3.2 秒");
});
