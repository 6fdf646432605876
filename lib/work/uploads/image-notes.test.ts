import { expect, test } from "vitest";
import { explainNote } from "./image-notes";

test("a note says what was taken of the file", () => {
  expect([
    explainNote({ code: "damaged", missingPercent: 0 }),
    explainNote({ code: "damaged", missingPercent: 3 }),
    explainNote({ code: "first_frame", frames: 12 }),
  ]).toEqual([
    "The file is damaged, and was taken as viewers show it.",
    "The file is damaged, and was taken as viewers show it. About 3 % of it, at its end, is missing and grey.",
    "The first of its 12 frames or pages was taken.",
  ]);
});
