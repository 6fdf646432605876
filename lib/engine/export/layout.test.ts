import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Uint8ArrayReader, ZipReader } from "@zip.js/zip.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseAnnotations } from "@/lib/engine/annotations/annotations";
import type { Box } from "@/lib/engine/boxes";
import { planExport } from "@/lib/engine/export/layout";
import { encodeManifest } from "@/lib/engine/manifest";
import { zipStream } from "@/lib/engine/zip";
import {
  detection,
  EXPORT_INFO as INFO,
  HATS,
  manifestOf,
  paths,
  plan,
  SOURCE_ID as ID,
  textAt,
  textOf,
} from "@/lib/testing/export-plans";

describe("planExport", () => {
  it("refuses a format that cannot hold what the type marks", () => {
    expect(() => plan("folder", detection([]))).toThrow("object-detection");
    for (const format of ["coco", "yolov8", "mt-yolov6", "voc", "createml", "darknet", "tensorflow"] as const)
      expect(() => plan(format, manifestOf("classification", []))).toThrow("classification");
  });

  it("lays out a classification by folders of classes, empty splits left out, unlabelled images apart", () => {
    const files = [{ label: "head" }, { label: "helmet", split: "test" as const, output: 2 }, { label: null }];
    const entries = plan("folder", manifestOf("classification", files));
    expect(paths(entries)).toEqual([
      "README.dataset.txt",
      "train/head/a.000000000000-0.jpg",
      "train/unlabeled/a.000000000002-0.jpg",
      "test/helmet/a.000000000001-2.jpg",
    ]);
    expect(entries[1]).toEqual({
      path: "train/head/a.000000000000-0.jpg",
      file: `images/train/${ID}0-0.jpg`,
      sizeBytes: 10,
    });
  });

  it("says in README.dataset.txt what the dataset is", () => {
    const text = textOf(plan("coco", detection(HATS))[0]);
    expect(text).toContain("Hard Hats - v3\n");
    expect(text).toContain("Version 3 of acme/hats, made at 2026-01-02T03:04:05.678Z.");
    expect(text).toContain("The dataset includes 2 images (1 train, 1 valid, 0 test).");
  });

  it("writes COCO as the hosted service does: one file a split, the supercategory as number 0", () => {
    const entries = plan("coco", detection(HATS));
    expect(paths(entries)).toEqual([
      "README.dataset.txt",
      "train/_annotations.coco.json",
      "train/Photo 1.000000000000-0.jpg",
      "valid/_annotations.coco.json",
      "valid/b.000000000001-0.png",
    ]);
    expect(JSON.parse(textAt(entries, "train/_annotations.coco.json"))).toEqual({
      info: {
        year: "2026",
        version: "3",
        description: "Hard Hats v3",
        contributor: "acme",
        url: "",
        date_created: "2026-01-02T03:04:05.678Z",
      },
      licenses: [{ id: 1, url: "", name: "Unknown" }],
      categories: [
        { id: 0, name: "workers", supercategory: "none" },
        { id: 1, name: "head", supercategory: "workers" },
        { id: 2, name: "helmet", supercategory: "workers" },
      ],
      images: [
        {
          id: 0,
          license: 1,
          file_name: "Photo 1.000000000000-0.jpg",
          height: 50,
          width: 100,
          date_captured: "2026-01-02T03:04:05.678Z",
          extra: { name: "site/Photo 1.JPG" },
        },
      ],
      annotations: [
        { id: 0, image_id: 0, category_id: 2, bbox: [10, 5, 20, 10.5], area: 210, segmentation: [], iscrowd: 0 },
      ],
    });
    expect(JSON.parse(textAt(entries, "valid/_annotations.coco.json"))).toMatchObject({
      images: [{ id: 0 }],
      annotations: [],
    });
  });

  it("writes YOLOv8 with data.yaml, images beside labels, and an empty label file for an image without boxes", () => {
    const entries = plan("yolov8", detection(HATS, ["no", "helmet"]));
    expect(paths(entries)).toEqual([
      "README.dataset.txt",
      "data.yaml",
      "train/images/Photo 1.000000000000-0.jpg",
      "train/labels/Photo 1.000000000000-0.txt",
      "valid/images/b.000000000001-0.png",
      "valid/labels/b.000000000001-0.txt",
    ]);
    expect(textAt(entries, "train/labels/Photo 1.000000000000-0.txt")).toBe(
      "1 0.20000000 0.20500000 0.20000000 0.21000000\n",
    );
    expect(textAt(entries, "valid/labels/b.000000000001-0.txt")).toBe("");
    const yaml = textAt(entries, "data.yaml");
    expect(yaml.split("\n").slice(0, 4)).toEqual([
      "train: ../train/images",
      "val: ../valid/images",
      "test: ../test/images",
      "nc: 2",
    ]);
    expect(parse(yaml, { version: "1.1" })).toMatchObject({ names: ["no", "helmet"] });
  });

  it("writes Pascal VOC beside each image, in whole pixels counted from 1", () => {
    const entries = plan("voc", detection(HATS));
    expect(paths(entries)).toEqual([
      "README.dataset.txt",
      "train/Photo 1.000000000000-0.jpg",
      "train/Photo 1.000000000000-0.xml",
      "valid/b.000000000001-0.png",
      "valid/b.000000000001-0.xml",
    ]);
    const xml = textAt(entries, "train/Photo 1.000000000000-0.xml");
    expect(xml.replace(/[\t\n]/g, "")).toContain(
      "<size><width>100</width><height>50</height><depth>3</depth></size><segmented>0</segmented><object><name>helmet</name>",
    );
    expect(xml.replace(/[\t\n]/g, "")).toContain(
      "<bndbox><xmin>11</xmin><xmax>30</xmax><ymin>6</ymin><ymax>16</ymax></bndbox>",
    );
    expect(textAt(entries, "valid/b.000000000001-0.xml")).not.toContain("object");
  });

  it("gives a sliver at the far edge the last pixel in Pascal VOC", () => {
    const sliver = { label: "head", x: 99.75, y: 49.75, width: 0.25, height: 0.25 };
    expect(textOf(plan("voc", detection([{ boxes: [sliver] }])).at(-1)).replace(/[\t\n]/g, "")).toContain(
      "<xmin>100</xmin><xmax>100</xmax><ymin>50</ymin><ymax>50</ymax>",
    );
  });

  it("takes any names of files and classes for names in the zip: relative, safe everywhere, no two the same", () => {
    const hostile = [
      "../../etc/passwd",
      "/abs.jpg",
      "C:\\Windows\\x.jpg",
      "a\0b\u0007.jpg",
      "CON.jpg",
      "nul",
      "x".repeat(4096),
      "猫".repeat(300),
      "dots... ",
      "..",
      ".",
      " ",
      ".hidden",
      "\u202Egpj.exe",
      "\uD800",
      "a:b*?.jpg",
      "e\u0301.jpg",
      "line\nbreak",
    ];
    const anything = fc.array(fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: "binary", minLength: 1 })), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        anything,
        fc.uniqueArray(
          fc.oneof(
            fc.constantFrom(...hostile, "Cat", "cat", "CAT ", "a/b", "a:b", "__proto__", "unlabeled"),
            fc.string({ unit: "binary" }),
          ),
          { minLength: 1, maxLength: 8 },
        ),
        (names, classes) => {
          // ids that end alike, so that only numbering keeps equal names apart
          const files = names.flatMap((name, index) =>
            classes.map((label) => ({
              name,
              label,
              sourceImageId: `${index}-${ID}`,
              path: `images/train/${index}-${classes.indexOf(label)}.jpg`,
            })),
          );
          const found = paths(plan("folder", manifestOf("classification", files, classes)));
          expect(new Set(found.map((path) => path.normalize("NFKC").toLowerCase())).size).toBe(
            1 + names.length * classes.length,
          );
          for (const path of found) {
            expect(path).toBe(path.normalize("NFC"));
            for (const part of path.split("/")) {
              expect(part).toMatch(/^[^.\s<>:"\\|?*\p{Cc}\p{Cs}\u202E][^<>:"\\|?*\p{Cc}\p{Cs}\u202E]*$/u);
              expect(part).not.toMatch(/[. ]$/);
              expect(part).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)($|\.)/i);
              expect(Buffer.byteLength(part)).toBeLessThan(255);
            }
          }
          const folders = new Set(found.slice(1).map((path) => path.split("/")[1]?.toLowerCase()));
          expect(folders.size).toBe(classes.length);
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each([
    ["coco", 1e-3],
    ["yolov8", 1e-3],
    ["voc", 1],
  ] as const)("%s read back gives the same boxes", (format, tolerance) => {
    const classes = ["head", "salt & pepper <b>", "__proto__", "no", "猫 \u{1F431}", "007", 'it\'s "quoted"'];
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const file = fc.record({
      width: fc.integer({ min: 1, max: 8000 }),
      height: fc.integer({ min: 1, max: 8000 }),
      shares: fc.array(fc.tuple(share, share, share, share, fc.constantFrom(...classes)), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(file, { minLength: 1, maxLength: 4 }), (drawn) => {
        const manifest = detection(
          drawn.map(({ width, height, shares }) => ({
            width,
            height,
            boxes: shares.map(([a, b, c, d, label]) => boxIn(width, height, [a, b, c, d], label)),
          })),
          classes,
        );
        expect(() => encodeManifest(manifest)).not.toThrow();
        const entries = plan(format, manifest);
        const images = entries.flatMap((entry) =>
          "file" in entry
            ? manifest.files
                .filter(({ path }) => path === entry.file)
                .map(({ width, height }) => ({ id: entry.file, name: entry.path, width, height }))
            : [],
        );
        const files = entries.flatMap((entry) => ("text" in entry ? [{ name: entry.path, text: textOf(entry) }] : []));
        const { boxes, problems } = parseAnnotations(files, images);
        expect(problems).toEqual([]);
        for (const { path, boxes: expected, width, height } of manifest.files) {
          const read = boxes.get(path) ?? [];
          expect(read.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
          read.forEach((box, index) => {
            const given = edges(expected[index]);
            edges(box).forEach((edge, at) =>
              expect(Math.abs(edge - (given[at] ?? NaN))).toBeLessThanOrEqual(tolerance),
            );
            expect(box.x + box.width <= width && box.y + box.height <= height).toBe(true);
          });
        }
      }),
      { numRuns: 100 },
    );
  });

  it("plans 100,000 images in a moment, and makes their text piece by piece", () => {
    const boxes = [{ label: "head", x: 1, y: 2, width: 3, height: 4 }];
    const manifest = detection(
      Array.from({ length: 100_000 }, (_, index) => ({
        boxes,
        sourceImageId: `0190a0b0-0000-7000-8000-${String(index).padStart(12, "0")}`,
      })),
    );
    const started = process.cpuUsage();
    let entries = 0;
    let longest = 0;
    for (const format of ["coco", "yolov8"] as const) {
      for (const entry of planExport(format, manifest, INFO)) {
        entries += 1;
        if ("text" in entry) for (const chunk of entry.text) longest = Math.max(longest, chunk.length);
      }
    }
    expect(entries).toBe(2 + 100_000 + 2 + 200_000);
    expect(longest).toBeLessThan(70_000);
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(8);
  });

  it("gives the same zip for the same version, which reads back entry by entry", async () => {
    const zip = () =>
      buffer(
        zipStream(
          plan("yolov8", detection(HATS)).map((entry) => ({
            path: entry.path,
            deflate: "text" in entry,
            open: async () => ("text" in entry ? Readable.from(entry.text) : Buffer.from(entry.file)),
          })),
        ),
      );
    const first = await zip();
    expect((await zip()).equals(first)).toBe(true);
    const read = await new ZipReader(new Uint8ArrayReader(first), { useWebWorkers: false }).getEntries();
    expect(read.map(({ filename }) => filename)).toEqual(paths(plan("yolov8", detection(HATS))));
  });
});

/** On the grid that parsed boxes lie on, at least a tenth of a pixel wide. */
function boxIn(width: number, height: number, [a, b, c, d]: [number, number, number, number], label: string): Box {
  const stretch = (one: number, other: number, size: number) => {
    const start = Math.round(Math.min(one, other) * (size - 0.25) * 1024) / 1024;
    return { start, length: Math.max(Math.round(Math.max(one, other) * size * 1024) / 1024 - start, 0.125) };
  };
  const across = stretch(a, c, width);
  const down = stretch(b, d, height);
  return { label, x: across.start, y: down.start, width: across.length, height: down.length };
}

function edges(box: Box | undefined): number[] {
  return box ? [box.x, box.y, box.x + box.width, box.y + box.height] : [];
}

it("an imported image keeps its name, told apart only where two are the same", () => {
  const name = `${"x".repeat(100)}_jpg.rf.0123456789abcdef0123456789abcdef.jpg`;
  const names = ["a.jpg", "sub/A.JPEG", name, "b.v2", "CON.jpg", "c.webp"];
  const imported = detection(names.map((one) => ({ name: one, sourceImageId: null })));
  imported.files.forEach((file, index) => (file.path = `images/x/train/${index}.jpg`));
  expect(paths(plan("voc", imported)).filter((path) => !/\.(xml|txt)$/.test(path))).toEqual([
    "train/a.jpg",
    "train/A-2.JPEG",
    `train/${name}`,
    "train/b.jpg",
    "train/_CON.jpg",
    "train/c.webp",
  ]);
});
