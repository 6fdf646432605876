import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAnnotations, parseClassName, parseImageAnnotations } from "@/lib/engine/annotations/annotations";

const image = (name: string, width = 416, height = 416, id = name) => ({ id, name, width, height });
const entry = (name: string, text: string | object) => ({
  name,
  text: typeof text === "string" ? text : JSON.stringify(text),
});

/** As the hosted service writes it: number 0 is the supercategory. */
const COCO = {
  info: {
    year: "2020",
    version: "1",
    description: "Exported from roboflow.ai",
    contributor: "Roboflow",
    url: "",
    date_created: "2000-01-01T00:00:00+00:00",
  },
  licenses: [{ id: 1, url: "https://creativecommons.org/publicdomain/zero/1.0/", name: "Public Domain" }],
  categories: [
    { id: 0, name: "Workers", supercategory: "none" },
    { id: 1, name: "head", supercategory: "Workers" },
    { id: 2, name: "helmet", supercategory: "Workers" },
  ],
  images: [
    { id: 0, license: 1, file_name: "0001.jpg", height: 275, width: 490, date_captured: "2020-07-20T19:39:26+00:00" },
    { id: 1, license: 1, file_name: "empty.jpg", height: 10, width: 10, date_captured: "2020-07-20T19:39:26+00:00" },
  ],
  annotations: [
    { id: 0, image_id: 0, category_id: 2, bbox: [45, 2, 85, 85], area: 7225, segmentation: [], iscrowd: 0 },
    {
      id: 1,
      image_id: 0,
      category_id: 1,
      bbox: [324.5, 29.25, 72, 81],
      area: 5832,
      segmentation: [[1, 2, 3, 4, 5, 6]],
      iscrowd: 0,
    },
  ],
};
const COCO_IMAGES = [image("0001.jpg", 490, 275), image("empty.jpg", 10, 10)];

/** As the hosted service writes it, tabs and order included. */
const VOC = `<annotation>
\t<folder></folder>
\t<filename>000001_jpg.rf.126f6b8c.jpg</filename>
\t<path>000001_jpg.rf.126f6b8c.jpg</path>
\t<source>
\t\t<database>roboflow.com</database>
\t</source>
\t<size>
\t\t<width>416</width>
\t\t<height>416</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
\t<object>
\t\t<name>helmet</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>0</truncated>
\t\t<difficult>0</difficult>
\t\t<occluded>0</occluded>
\t\t<bndbox>
\t\t\t<xmin>1</xmin>
\t\t\t<xmax>416</xmax>
\t\t\t<ymin>94</ymin>
\t\t\t<ymax>160</ymax>
\t\t</bndbox>
\t</object>
</annotation>
`;
const voc = (objects: string, head = "<filename>a.jpg</filename>") =>
  `<?xml version="1.0"?><annotation>${head}${objects}</annotation>`;
const object = (name: string, [xmin, ymin, xmax, ymax]: (number | string)[]) =>
  `<object><name>${name}</name><bndbox><xmin>${xmin}</xmin><ymin>${ymin}</ymin><xmax>${xmax}</xmax><ymax>${ymax}</ymax></bndbox></object>`;

describe("COCO", () => {
  it("gives boxes to many images, and none to the one that was looked at in vain", () => {
    const { boxes, problems } = parseAnnotations([entry("train/_annotations.coco.json", COCO)], COCO_IMAGES);
    expect(problems).toEqual([]);
    expect(boxes.get("0001.jpg")).toEqual([
      { label: "helmet", x: 45, y: 2, width: 85, height: 85 },
      { label: "head", x: 324.5, y: 29.25, width: 72, height: 81 },
    ]);
    expect(boxes.get("empty.jpg")).toEqual([]);
  });

  it("clips boxes to their image, and counts those without area or outside it", () => {
    const annotations = [
      [-10, -10, 30, 20],
      [480, 270, 50, 50],
      [5, 5, 0, 9],
      [5, 5, -4, 9],
      [600, 5, 4, 4],
    ].map((bbox) => ({ image_id: 0, category_id: 1, bbox }));
    const { boxes, problems } = parseAnnotations([entry("a.json", { ...COCO, annotations })], COCO_IMAGES);
    expect(boxes.get("0001.jpg")).toEqual([
      { label: "head", x: 0, y: 0, width: 20, height: 10 },
      { label: "head", x: 480, y: 270, width: 10, height: 5 },
    ]);
    expect(problems).toEqual([{ file: "a.json", code: "empty_box", count: 3, details: { image: "0001.jpg" } }]);
  });

  it("never gives a box that reaches out of its image by so much as rounding", () => {
    const number = fc.double({ min: -20, max: 120, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(number, number, number, number), { minLength: 50, maxLength: 50 }),
        fc.integer({ min: 1, max: 100 }),
        (bboxes, side) => {
          const annotations = bboxes.map((bbox) => ({ image_id: 0, category_id: 1, bbox }));
          const { boxes, problems } = parseAnnotations(
            [entry("a.json", { ...COCO, images: [{ id: 0, file_name: "a.jpg" }], annotations })],
            [image("a.jpg", side, side)],
          );
          const taken = boxes.get("a.jpg") ?? [];
          for (const { x, y, width, height } of taken)
            expect(x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= side && y + height <= side).toBe(true);
          expect(taken.length + (problems[0]?.count ?? 0)).toBe(50);
        },
      ),
    );
  });

  it("takes the rest when one annotation is broken, and says which", () => {
    const good = COCO.annotations[0];
    const annotations = [
      null,
      { image_id: 0, category_id: 1, bbox: ["1", 2, 3, 4] },
      { image_id: 0, category_id: 7, bbox: [1, 2, 3, 4] },
      { image_id: 77, category_id: 1, bbox: [1, 2, 3, 4] },
      good,
    ];
    const { boxes, problems } = parseAnnotations([entry("a.json", { ...COCO, annotations })], COCO_IMAGES);
    expect(boxes.get("0001.jpg")).toHaveLength(1);
    expect(problems).toEqual([
      { file: "a.json", code: "bad_box", count: 2, details: { index: 0 } },
      { file: "a.json", code: "unknown_class", count: 1, details: { class: "7", image: "0001.jpg" } },
      { file: "a.json", code: "unknown_image", count: 1, details: { image: "77", index: 3 } },
    ]);
  });

  it("reads numbers that are no numbers in JSON as broken boxes", () => {
    const text = JSON.stringify(COCO).replace("[45,2,85,85]", "[1e999,2,85,85]");
    expect(parseAnnotations([entry("a.json", text)], COCO_IMAGES).problems).toEqual([
      { file: "a.json", code: "bad_box", count: 1, details: { index: 0 } },
    ]);
  });

  it("does not put boxes onto an image of another size than they were drawn on", () => {
    const { boxes, problems } = parseAnnotations(
      [entry("a.json", COCO)],
      [image("0001.jpg", 275, 490), image("empty.jpg", 10, 10)],
    );
    expect(boxes.has("0001.jpg")).toBe(false);
    expect(problems).toEqual([
      {
        file: "a.json",
        code: "size_mismatch",
        count: 1,
        details: { image: "0001.jpg", width: 490, height: 275, actualWidth: 275, actualHeight: 490 },
      },
    ]);
  });

  it("keeps classes apart that are called like parts of JavaScript", () => {
    const categories = [
      { id: "__proto__", name: "__proto__" },
      { id: "constructor", name: "toString" },
    ];
    const annotations = categories.map(({ id }) => ({ image_id: 0, category_id: id, bbox: [1, 1, 5, 5] }));
    const text = JSON.stringify({ ...COCO, categories, annotations }).replace("{", '{"__proto__":{"polluted":1},');
    const { boxes } = parseAnnotations([entry("a.json", text)], COCO_IMAGES);
    expect(boxes.get("0001.jpg")?.map(({ label }) => label)).toEqual(["__proto__", "toString"]);
    expect("polluted" in {}).toBe(false);
  });

  it("takes numbers for class names, and no name that is empty, endless or of several lines", () => {
    const categories = [7, " Katze ", "", "a\nb", "x".repeat(300), null].map((name, id) => ({ id, name }));
    const annotations = categories.map(({ id }) => ({ image_id: 0, category_id: id, bbox: [1, 1, 5, 5] }));
    const { boxes, problems } = parseAnnotations([entry("a.json", { ...COCO, categories, annotations })], COCO_IMAGES);
    expect(boxes.get("0001.jpg")?.map(({ label }) => label)).toEqual(["7", "Katze"]);
    expect(problems).toEqual([{ file: "a.json", code: "bad_label", count: 4, details: { image: "0001.jpg" } }]);
  });
});

describe("Pascal VOC", () => {
  it("counts pixels from 1, the last one within the box", () => {
    const { boxes, problems } = parseAnnotations(
      [entry("train/000001_jpg.rf.126f6b8c.xml", VOC)],
      [image("000001_jpg.rf.126f6b8c.jpg")],
    );
    expect(problems).toEqual([]);
    expect([...boxes.values()]).toEqual([[{ label: "helmet", x: 0, y: 93, width: 416, height: 67 }]]);
  });

  it("clips what was counted from 0 and takes fractions", () => {
    const { boxes } = parseAnnotations([entry("a.xml", voc(object("cat", [0, 0, 10.5, "  20 "])))], [image("a.jpg")]);
    expect(boxes.get("a.jpg")).toEqual([{ label: "cat", x: 0, y: 0, width: 10.5, height: 20 }]);
  });

  it("finds the image by the file's own name when <filename> is wrong or absent", () => {
    for (const head of ["<filename>IMG_1.JPG</filename>", "<folder>x</folder>", "<filename/>"]) {
      const { boxes, problems } = parseAnnotations(
        [entry("labels/a.xml", voc(object("cat", [1, 1, 9, 9]), head))],
        [image("a.png")],
      );
      expect([boxes.has("a.png"), problems]).toEqual([true, []]);
    }
  });

  it("says which image is unknown, and takes an annotation without objects for an empty image", () => {
    expect(parseAnnotations([entry("b.xml", voc(""))], [image("z.jpg")]).problems).toEqual([
      { file: "b.xml", code: "unknown_image", count: 1, details: { image: "a.jpg" } },
    ]);
    expect(parseAnnotations([entry("a.xml", "<annotation/>")], [image("a.jpg")]).boxes.get("a.jpg")).toEqual([]);
  });

  it("reads the entities of XML and the class names of any language", () => {
    const { boxes } = parseAnnotations(
      [entry("a.xml", voc(object("salt &amp; pepper &lt;&#29483;&gt;", [1, 1, 9, 9])))],
      [image("a.jpg")],
    );
    expect(boxes.get("a.jpg")?.[0]?.label).toBe("salt & pepper <猫>");
  });

  it("takes the rest when one object is broken", () => {
    const objects =
      object("cat", ["", 1, 2, 3]) +
      object("cat", ["x", 1, 2, 3]) +
      "<object/>" +
      object("dog", [1, 1, 2, 2]) +
      object("cat", [9, 9, 2, 2]);
    const { boxes, problems } = parseAnnotations([entry("a.xml", voc(objects))], [image("a.jpg")]);
    expect(boxes.get("a.jpg")).toEqual([{ label: "dog", x: 0, y: 0, width: 2, height: 2 }]);
    expect(problems.map(({ code, count }) => [code, count])).toEqual([
      ["bad_box", 3],
      ["empty_box", 1],
    ]);
  });
});

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

describe("which image is meant", () => {
  it("regards neither case nor slashes nor Unicode form nor somebody's folders", () => {
    for (const file_name of ["0001.JPG", "C:\\data\\train\\0001.jpg", "/home/x/../0001.jpg", "images/0001.jpg"]) {
      expect(
        parseAnnotations([entry("a.json", { ...COCO, images: [{ id: 0, file_name }] })], COCO_IMAGES).boxes.size,
      ).toBe(1);
    }
    expect(parseAnnotations([entry("cafe\u0301.txt", "")], [image("caf\u00e9.jpg")]).boxes.size).toBe(1);
  });

  it("tells images of one name apart by their folders, and says so when it cannot", () => {
    const images = [image("train/images/1.jpg"), image("valid/images/1.jpg")];
    const { boxes, problems } = parseAnnotations(
      [entry("valid/labels/1.txt", "0 .5 .5 .1 .1"), entry("elsewhere/1.txt", "0 .5 .5 .1 .1")],
      images,
    );
    expect([...boxes.keys()]).toEqual(["valid/images/1.jpg"]);
    expect(problems).toEqual([
      { file: "elsewhere/1.txt", code: "ambiguous_image", count: 1, details: { image: "elsewhere/1.txt" } },
    ]);
    const coco = { ...COCO, images: [{ id: 0, file_name: "1.jpg" }] };
    expect([...parseAnnotations([entry("train/_annotations.coco.json", coco)], images).boxes.keys()]).toEqual([
      "train/images/1.jpg",
    ]);
  });

  it("takes an image's boxes from the first file only", () => {
    const { boxes, problems } = parseAnnotations(
      [entry("a.txt", "0 .5 .5 .1 .1"), entry("a.xml", voc(object("cat", [1, 1, 9, 9])))],
      [image("a.jpg")],
    );
    expect(boxes.get("a.jpg")).toHaveLength(1);
    expect(problems).toEqual([
      { file: "a.xml", code: "already_annotated", count: 1, details: { image: "a.jpg", by: "a.txt" } },
    ]);
  });

  it("tells two files of one name apart", () => {
    const coco = (file_name: string, annotations: unknown) =>
      entry("_annotations.coco.json", { ...COCO, images: [{ id: 0, file_name }], annotations });
    const { boxes, problems } = parseAnnotations(
      [coco("a.jpg", COCO.annotations), coco("a.jpg", []), { name: "_annotations.coco.json", text: "{" }],
      [image("a.jpg")],
    );
    expect(boxes.get("a.jpg")).toHaveLength(2);
    expect(problems.map(({ code }) => code)).toEqual(["already_annotated", "unreadable"]);
  });
});

describe("hostile and broken texts", () => {
  const refused = (name: string, text: string) => {
    const { boxes, problems } = parseAnnotations([{ name, text }], [image("a.jpg")]);
    expect(boxes.size).toBe(0);
    return problems.map(({ code, details }) => [code, details]);
  };
  const bomb = `<!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from({ length: 9 }, (_, i) => `<!ENTITY lol${i + 1} "${`&lol${i || ""};`.repeat(10)}">`).join("")}]>`;

  it.each([
    ["unknown text", "a.json", "", "unknown_format"],
    ["other JSON", "a.json", '{"shapes":[]}', "unknown_format"],
    ["broken JSON", "a.json", '{"images":[', "unreadable"],
    ["UTF-16 as UTF-8", "a.json", '{\0"\0i\0', "unreadable"],
    ["deep JSON", "a.json", "[".repeat(5_000_000), "too_complex"],
    ["wide JSON", "a.json", `[${"{},".repeat(6_000_000)}{}]`, "too_complex"],
    ["large JSON", "a.json", `{"a":"${"x".repeat(53_000_000)}"}`, "too_large"],
    ["CreateML", "a.json", '[{"image":"a.jpg","annotations":[]}]', "unsupported_format"],
    ["CSV", "a.csv", "filename,width\n", "unsupported_format"],
    ["JSON lines", "a.jsonl", '{"image":"a.jpg"}\n', "unsupported_format"],
    ["billion laughs", "a.xml", `${bomb}<annotation><filename>&lol9;</filename></annotation>`, "unreadable"],
    [
      "external entity",
      "a.xml",
      '<!doctype a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>',
      "unreadable",
    ],
    ["deep XML", "a.xml", "<a>".repeat(100_000), "unreadable"],
    ["broken XML", "a.xml", "<annotation><object></annotation>", "unreadable"],
    ["other XML", "a.xml", "<svg/>", "unknown_format"],
    ["prototype in XML", "a.xml", "<annotation><__proto__><x>1</x></__proto__></annotation>", "unreadable"],
    ["large XML", "a.xml", `<annotation>${" ".repeat(6_000_000)}</annotation>`, "too_large"],
    ["YAML without names", "data.yaml", "nc: 1", "unknown_format"],
    ["YAML of another kind", "data.yaml", "- a", "unknown_format"],
    ["broken YAML", "data.yaml", "names: [a", "unreadable"],
    ["deep YAML", "data.yaml", "[".repeat(20_000), "unreadable"],
    ["YAML of aliases", "data.yaml", "a: &a [x]\nb: &b [*a, *a]\nnames: [*b, *b]", "unreadable"],
    ["large YAML", "data.yaml", `names: [${"a,".repeat(600_000)}]`, "too_large"],
    ["no image at all", "a.svgz", "\u001f", "unknown_format"],
  ])("%s is refused with a code, and quickly", (_, name, text, code) => {
    const started = process.cpuUsage();
    expect(refused(name, text).map(([found]) => found)).toEqual([code]);
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
  });

  it("reads as many class names as fit, in time that grows with their number only", () => {
    const started = process.cpuUsage();
    const names = `names:\n${Array.from({ length: 20_000 }, (_, index) => `  ${index}: c\n`).join("")}`;
    expect(
      parseAnnotations([entry("a.txt", "19999 .5 .5 .1 .1"), entry("data.yaml", names)], [image("a.jpg")]).boxes.get(
        "a.jpg",
      )?.[0]?.label,
    ).toBe("c");
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
  });

  it("survives names of any kind, and cuts them short in what it says", () => {
    const names = ["../../etc/passwd", "a\0.jpg", "x".repeat(4096), "__proto__", "", "/", "C:\\con"];
    const images = names.map((file_name, id) => ({ id, file_name }));
    const { boxes, problems } = parseAnnotations(
      [
        { name: "n".repeat(5000), text: JSON.stringify({ ...COCO, images: images.slice(2, 3), annotations: [] }) },
        entry("b.json", { ...COCO, images, annotations: [] }),
      ],
      [image("a.jpg")],
    );
    expect(boxes.size).toBe(0);
    expect(
      problems.map(({ file, code, count, details }) => [file.length, code, count, String(details.image).length]),
    ).toEqual([
      [200, "unknown_image", 1, 200],
      [6, "unknown_image", 7, 16],
    ]);
  });

  it("refuses the file that brings one box too many, and keeps the others'", () => {
    const line = "0 .5 .5 .1 .1\n";
    const { boxes, problems } = parseAnnotations(
      [entry("a.txt", line), entry("b.txt", line.repeat(1_000_000)), entry("c.txt", line)],
      [image("a.jpg"), image("b.jpg"), image("c.jpg")],
    );
    expect([...boxes.keys()]).toEqual(["a.jpg", "c.jpg"]);
    expect(problems).toEqual([{ file: "b.txt", code: "too_many_boxes", count: 1, details: { limit: 1_000_000 } }]);
  });
});

describe("one image, as the SDK sends it", () => {
  const one = image("renamed.jpg", 490, 275, "id");

  it("takes YOLO with the labelmap as JSON leaves it, whatever the file is called", () => {
    expect(parseImageAnnotations(entry("other.txt", "1 0.5 0.5 0.5 0.5"), one, { "0": "cat", "1": "dog" })).toEqual({
      boxes: [{ label: "dog", x: 122.5, y: 68.75, width: 245, height: 137.5 }],
      problems: [],
    });
  });

  it("takes VOC that names another file, and the part of a COCO file cut out for the image", () => {
    expect(parseImageAnnotations(entry("x.xml", voc(object("cat", [1, 1, 9, 9]))), one).boxes).toHaveLength(1);
    expect(
      parseImageAnnotations(entry("annotation.coco.json", { ...COCO, images: COCO.images.slice(0, 1) }), one).boxes,
    ).toHaveLength(2);
  });

  it("takes the SDK's made-up annotation for an image without boxes", () => {
    const annotations = [{ id: 999999999, image_id: 999999999, category_id: 0, area: 1, segmentation: [], iscrowd: 0 }];
    expect(
      parseImageAnnotations(
        entry("annotation.coco.json", { ...COCO, images: COCO.images.slice(0, 1), annotations }),
        one,
      ),
    ).toEqual({ boxes: [], problems: [] });
  });

  it("takes only this image's boxes out of a COCO file of many", () => {
    expect(parseImageAnnotations(entry("all.json", COCO), image("0001.jpg", 490, 275)).boxes).toHaveLength(2);
    expect(parseImageAnnotations(entry("all.json", COCO), one)).toMatchObject({
      boxes: null,
      problems: [{ code: "unknown_image", count: 2 }],
    });
  });

  it("has no boxes, but a problem, for what cannot be read", () => {
    expect(
      parseImageAnnotations(entry("annotation.createml.json", '[{"image":"a","annotations":[]}]'), one),
    ).toMatchObject({ boxes: null, problems: [{ code: "unsupported_format", details: { format: "createml" } }] });
  });

  it("takes a bare class name for a classification, and nothing else", () => {
    expect(["dog", "\uFEFF 猫 ", "", "a\nb", "x".repeat(300)].map(parseClassName)).toEqual([
      "dog",
      "猫",
      null,
      null,
      null,
    ]);
  });
});
