import { describe, expect, it } from "vitest";
import { parseAnnotations } from "@/lib/engine/annotations/annotations";
import { entry, image } from "@/lib/testing/annotation-files";

describe("YOLO", () => {
  it("takes shares of the image, names from data.yaml as list or map, and clips", () => {
    const label = entry("train/labels/a.txt", "1 0.5 0.5 0.25 0.5\r\n0 0.0 0.5 0.5 0.5\r\n\r\n");
    for (const names of [
      "names: ['head', 'helmet']",
      "names:\n  0: head\n  1: helmet",
      "nc: 2\nnames:\n- head\n- helmet\n",
    ]) {
      const { boxes, problems } = parseAnnotations(
        [label, entry("data.yaml", `\uFEFFtrain: ../train/images\r\nval: ../valid/images\r\n\r\n${names}\n`)],
        [image("train/images/a.jpg", 200, 100)],
      );
      expect(problems).toEqual([]);
      expect(boxes.get("train/images/a.jpg")).toEqual([
        { label: "helmet", x: 75, y: 25, width: 50, height: 50 },
        { label: "head", x: 0, y: 25, width: 50, height: 50 },
      ]);
    }
  });

  it("keeps names as they are written, where YAML would make a truth or a number of them", () => {
    const { boxes } = parseAnnotations(
      [entry("a.txt", "0 .5 .5 .1 .1\n1 .5 .5 .1 .1\n2 .5 .5 .1 .1"), entry("data.yaml", "names: [no, 007, null]")],
      [image("a.jpg")],
    );
    expect(boxes.get("a.jpg")?.map(({ label }) => label)).toEqual(["no", "007", "null"]);
  });

  it("takes the nearest names up the folders, else the labelmap, else the index", () => {
    const files = [
      entry("x/labels/a.txt", "0 .5 .5 .1 .1"),
      entry("y/labels/b.txt", "0 .5 .5 .1 .1"),
      entry("z/c.txt", "0 .5 .5 .1 .1"),
      entry("x/data.yaml", "names: [ex]"),
      entry("y/classes.txt", "why\n"),
    ];
    const images = [image("a.jpg"), image("b.jpg"), image("c.jpg")];
    const labels = (labelmap?: Record<string, string> | string[]) =>
      [...parseAnnotations(files, images, labelmap).boxes.values()].map(([box]) => box?.label);
    expect(labels({ "0": "given" })).toEqual(["ex", "why", "given"]);
    expect(labels(["given"])).toEqual(["ex", "why", "given"]);
    expect(labels()).toEqual(["ex", "why", "0"]);
  });

  it("takes the box around a polygon, and leaves a confidence aside", () => {
    const { boxes, problems } = parseAnnotations(
      [entry("a.txt", "0 0.1 0.2 0.3 0.2 0.3 0.6 0.1 0.6\n0 0.5 0.5 0.5 0.5 0.93\n")],
      [image("a.jpg", 100, 1000)],
    );
    expect(problems).toEqual([]);
    expect(boxes.get("a.jpg")?.map(({ x, y, width, height }) => [x, y, width, height].map(Math.round))).toEqual([
      [10, 200, 20, 400],
      [25, 250, 50, 500],
    ]);
  });

  const read = (text: string, yaml?: string, [width, height] = [100, 100]) => {
    const { boxes, problems } = parseAnnotations(
      [entry("a.txt", text), ...(yaml === undefined ? [] : [entry("data.yaml", yaml)])],
      [image("a.jpg", width, height)],
    );
    return {
      boxes: (boxes.get("a.jpg") ?? []).map(({ x, y, width, height }) => [x, y, width, height].map(Math.round)),
      problems: problems.map(({ code, count }) => [code, count]),
    };
  };

  it("tells a rotated box from an upright one and from a polygon, and counts what becomes the box around it", () => {
    // a square that stands on its corner; on an image twice as wide as high the same shares are askew
    const askew = "0 0.5 0.2 0.8 0.5 0.5 0.8 0.2 0.5";
    expect(read(askew)).toEqual({ boxes: [[20, 20, 60, 60]], problems: [["rotated_reduced", 1]] });
    expect(read(askew, undefined, [200, 100]).problems).toEqual([["polygon_reduced", 1]]);
    expect(read("0 0.1 0.1 0.5 0.2 0.2 0.4\n0 0.1 0.1 0.5 0.2 0.2 0.4 0.15 0.3")).toEqual({
      boxes: [
        [10, 10, 40, 30],
        [10, 10, 40, 30],
      ],
      problems: [["polygon_reduced", 2]],
    });
    expect(read("0 0.1 0.1 0.5 0.1 0.5 0.4 0.1 0.4 0.1 0.1").problems, "closed, upright").toEqual([]);
  });

  it("tells keypoints from outlines, takes the box before them, and counts that", () => {
    const kept = { boxes: [[40, 40, 20, 20]], problems: [["keypoints_dropped", 1]] };
    expect(read("0 .5 .5 .2 .2 .45 .45 .55 .55"), "x, y").toEqual(kept);
    for (const visible of [0, 1, 2])
      expect(read(`0 .5 .5 .2 .2 .45 .45 ${visible} .55 .55 ${visible}`), `x, y, ${visible}`).toEqual(kept);
    expect(read("0 .5 .5 .2 .2 .45 .45 1"), "one point").toEqual(kept);
    const yaml = "kpt_shape: [2, 2]\nnames: [cat]";
    expect(read("0 .5 .5 .2 .2 .55 .45 .45 .55", yaml), "said by data.yaml").toEqual(kept);
    expect(read("0 .5 .5 .2 .2 .55 .45 .45 .55 .5 .5\n0 .5 .5 .2 .2", yaml), "not as it says").toEqual({
      boxes: [[40, 40, 20, 20]],
      problems: [["bad_box", 1]],
    });
  });

  it("reads all lines under one list of names in one way", () => {
    const pose = "0 .5 .5 .2 .2 .45 .45 .55 .45 .5 .55\n";
    const outline = "0 .1 .1 .9 .1 .9 .5 .5 .7 .1 .5\n";
    expect(read(pose.repeat(2)).problems).toEqual([["keypoints_dropped", 2]]);
    expect(read(outline + pose).problems, "an outline that can be no pose").toEqual([["polygon_reduced", 2]]);
  });

  it("counts lines that are none: words, pixels, too few, too many, unknown classes", () => {
    const text =
      "cat 0.1 0.1 0.1 0.1\n0 100 200 50 60\n0 0.1 0.1\n0 0.1 0.1 0.1 0.1 0.1 0.1 0.1\n-1 .1 .1 .1 .1\n0 NaN .1 .1 .1\n0 0x1 .1 .1 .1\n5 .5 .5 .1 .1\n0 .5 .5 .1 .1\n0 .5 .5 0 .1";
    const { boxes, problems } = parseAnnotations([entry("a.txt", text)], [image("a.jpg")], ["cat"]);
    expect(boxes.get("a.jpg")).toHaveLength(1);
    expect(problems).toEqual([
      { file: "a.txt", code: "bad_box", count: 7, details: { image: "a.jpg", line: 1 } },
      { file: "a.txt", code: "unknown_class", count: 1, details: { class: "5", image: "a.jpg", line: 8 } },
      { file: "a.txt", code: "empty_box", count: 1, details: { image: "a.jpg" } },
    ]);
  });

  it("takes an empty file for an empty image, and a README for nothing", () => {
    const { boxes, problems } = parseAnnotations(
      [entry("a.txt", ""), entry("README.dataset.txt", "Hats - v1"), entry("README.roboflow.txt", "x")],
      [image("a.jpg")],
    );
    expect([[...boxes], problems]).toEqual([[["a.jpg", []]], []]);
  });
});
