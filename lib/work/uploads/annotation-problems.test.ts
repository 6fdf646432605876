import { expect, test } from "vitest";
import { explainProblem, type ToldProblem } from "./annotation-problems";

test("a problem is a sentence with how many, which was the first, and what to do", () => {
  const say = (code: ToldProblem["code"], count: number, details: ToldProblem["details"] = {}) =>
    explainProblem({ code, count, details });
  expect([
    say("unknown_class", 1, { class: "7", line: 2 }),
    say("bad_box", 3, { image: "a.jpg", line: 4 }),
    say("empty_box", 2),
    say("keypoints_dropped", 1),
    say("unsupported_format", 1, { format: "labelme" }),
  ]).toEqual([
    '1 box has a class that neither the file nor its list of classes names (class "7", line 2).',
    "3 boxes cannot be read (the first: line 4).",
    "2 boxes lie outside the image or have no area.",
    "1 box is kept without the keypoints.",
    "labelme's own JSON is not read. Convert it with labelme2coco or labelme2voc.",
  ]);
});
