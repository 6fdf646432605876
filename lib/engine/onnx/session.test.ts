import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import type { Answer, Asked } from "@/lib/engine/onnx/model";
import { inspectOnnx, openOnnx } from "@/lib/engine/onnx/session";
import { linearOnnx, namesOf, valueInfo, yolov8Output, type LinearModel } from "@/lib/testing/onnx";

const folder = mkdtempSync(path.join(tmpdir(), "onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(bytes: Uint8Array): string {
  const file = path.join(folder, `${files++}.onnx`);
  writeFileSync(file, bytes);
  return file;
}

const inspect = (model: LinearModel, card?: object) =>
  inspectOnnx(write(linearOnnx(model)), card === undefined ? null : JSON.stringify(card));

/** Hands it in, and asks it as it would be asked afterwards. */
async function ask(
  model: LinearModel,
  image: Buffer,
  { card, ...asked }: Partial<Asked> & { card?: object } = {},
): Promise<Answer> {
  const file = write(linearOnnx(model));
  const found = await inspectOnnx(file, card === undefined ? null : JSON.stringify(card));
  const open = await openOnnx(file, JSON.parse(JSON.stringify(found)) as typeof found);
  return open.ask(image, { confidence: 0.4, overlap: 0.3, ...asked });
}

const image = (width: number, height: number, background = "#204060") =>
  sharp({ create: { width, height, channels: 3, background } }).png().toBuffer(); // prettier-ignore

async function boxesOf(...args: Parameters<typeof ask>) {
  const answer = await ask(...args);
  if (answer.kind !== "boxes") throw new Error("Expected boxes.");
  return answer.boxes.map(({ left, top, right, bottom, confidence, classId }) =>
    [left, top, right, bottom, confidence, classId].map((value) => Math.round(value * 1e6) / 1e6),
  );
}

describe("a YOLOv8-shaped file", () => {
  const model: LinearModel = {
    // centre 16, 16 and 8 × 4; the same a little aside and less certain; another class there; one too uncertain
    outputs: [
      yolov8Output([
        [16, 16, 8, 4, 0.9, 0.1],
        [17, 16, 8, 4, 0.8, 0.1],
        [16, 16, 8, 4, 0.1, 0.7],
        [4, 16, 2, 2, 0.39, 0],
      ]),
    ],
    metadata: namesOf("hat", "driver's vest"),
  };

  test("says its classes, its head and its input", async () => {
    expect(await inspect(model)).toEqual({
      head: { kind: "yolov8", output: "output0", classes: 2 },
      input: { name: "images", type: "float32", rank: 4, channels: 3, width: 32, height: 32, resize: "letterbox", mean: [0], std: [1], pad: 114 }, // prettier-ignore
      sizes: null,
      classes: ["hat", "driver's vest"],
      opset: 13,
      producer: "reprieve-tests",
    });
  });

  test("gives boxes in the image's own pixels, one for each thing and class, the most confident first", async () => {
    // 64 × 64 at half its size: everything doubles
    expect(await boxesOf(model, await image(64, 64))).toEqual([
      [24, 28, 40, 36, 0.9, 0],
      [24, 28, 40, 36, 0.7, 1],
    ]);
    // all that is asked for: boxes of one class may overlap by anything
    expect(await boxesOf(model, await image(64, 64), { confidence: 0.3, overlap: 1 })).toHaveLength(4);
    expect(await boxesOf(model, await image(64, 64), { confidence: 0.95 })).toEqual([]);
  });

  test("lays odd sizes into the middle, the odd pixel to the right and below", async () => {
    // 100 × 41: scaled by 0.32 to 32 × 13 (13.12), 9 rows above, 10 below: y = (16 - 9) / 0.32
    expect(await boxesOf(model, await image(100, 41), { confidence: 0.85 })).toEqual([
      [37.5, 15.625, 62.5, 28.125, 0.9, 0],
    ]);
    // 41 × 100: the same the other way round
    expect(await boxesOf(model, await image(41, 100), { confidence: 0.85 })).toEqual([[9.375, 43.75, 34.375, 56.25, 0.9, 0]]); // prettier-ignore
  });

  test("cuts boxes to the image, and leaves out those on the edges alone", async () => {
    const outputs = [yolov8Output([[16, 9, 8, 6, 0.9], [16, 2, 4, 4, 0.8], [0, 16, 8, 8, 0.7]])]; // prettier-ignore
    // 64 × 32: scaled by 0.5 to 32 × 16, 8 rows above
    expect(await boxesOf({ outputs, metadata: namesOf("hat") }, await image(64, 32))).toEqual([
      [24, 0, 40, 8, 0.9, 0],
      [0, 8, 8, 24, 0.7, 0],
    ]);
  });
});

describe("the numbers that a model is shown", () => {
  /** Confidences that are the input's red, green and blue at one place. */
  const see = (y: number, x: number, channels = 3): LinearModel => ({
    input: [1, channels, 32, 32],
    outputs: [
      yolov8Output(
        Array.from({ length: channels }, (_, i) => [
          16,
          16,
          32,
          32,
          ...Array.from({ length: channels }, () => (i >= 0 ? 0 : 1)),
        ]),
        Array.from({ length: channels }, (_, channel) => ({
          at: (4 + channel) * 21 + channel,
          channel,
          y,
          x,
          weight: 1,
        })),
      ),
    ],
    metadata: namesOf("red", "green", "blue"),
  });
  const colour = async (bytes: Buffer, at: { y: number; x: number } = { y: 16, x: 16 }): Promise<number[]> => {
    const seen = [0, 0, 0];
    for (const [, , , , confidence, id] of await boxesOf(see(at.y, at.x), bytes, { confidence: 0, overlap: 1 }))
      seen[id!] = Math.max(seen[id!]!, Math.round(confidence! * 255));
    return seen;
  };
  const plain = (background: string | { r: number; g: number; b: number; alpha: number }, channels: 3 | 4 = 3) =>
    sharp({ create: { width: 8, height: 8, channels, background } });

  test("are its colours from 0 to 1, of grey, transparent and 16-bit images as well", async () => {
    expect(await colour(await plain("#336699").png().toBuffer())).toEqual([0x33, 0x66, 0x99]);
    expect(await colour(await plain("#808080").toColourspace("b-w").png().toBuffer())).toEqual([0x80, 0x80, 0x80]);
    const half = { r: 200, g: 100, b: 50, alpha: 0.5 };
    const [red, green, blue] = await colour(await plain(half, 4).png().toBuffer());
    expect([red! / 100, green! / 50, blue! / 25].every((share) => Math.abs(share - 1) < 0.03)).toBe(true); // laid on black
    const deep = await plain("#336699").toColourspace("rgb16").png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe("ushort");
    expect(await colour(deep)).toEqual([0x33, 0x66, 0x99]);
  });

  test("are of the image as people see it, and so are the boxes", async () => {
    // stored 16 × 8, red at the left; EXIF 6 turns it: seen 8 × 16, red above
    const left = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#ff0000" } })
      .png()
      .toBuffer();
    const turned = await sharp({ create: { width: 16, height: 8, channels: 3, background: "#0000ff" } })
      .composite([{ input: left, left: 0, top: 0 }])
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    // scaled by 2 to 16 × 32, 8 columns at the left
    expect(await colour(turned, { y: 4, x: 16 })).toEqual([255, 0, 0]);
    expect(await colour(turned, { y: 28, x: 16 })).toEqual([0, 0, 255]);
    expect(await colour(turned, { y: 4, x: 2 })).toEqual([114, 114, 114]);
    const outputs = [yolov8Output([[12, 8, 8, 16, 0.9]])];
    const answer = await ask({ outputs, metadata: namesOf("hat") }, turned);
    expect(answer).toMatchObject({
      image: { width: 8, height: 16 },
      boxes: [{ left: 0, top: 0, right: 4, bottom: 8 }],
    });
  });

  test("are scaled and shown as a model.json says", async () => {
    const card = { mean: [0.2, 0.2, 0.2], std: [0.5, 0.5, 0.5], resize: "stretch" };
    const answer = await boxesOf(see(0, 0), await image(16, 8, "#ff8033"), { confidence: 0, overlap: 1, card });
    const seen = (channel: number) => answer.find(([, , , , , id]) => id === channel)?.[4];
    expect(seen(0)).toBe(1); // (1 - 0.2) / 0.5, and no more than 1
    expect(seen(1)).toBeCloseTo((0x80 / 255 - 0.2) / 0.5, 5);
    expect(seen(2)).toBeUndefined(); // (0.2 - 0.2) / 0.5
  });

  test("are bytes where the model takes bytes", async () => {
    const outputs = [
      { name: "output0", dims: [1, 2], bias: [0, 100], picks: [{ at: 0, channel: 0, y: 0, x: 0, weight: 1 }] },
    ];
    const answer = await ask({ inputType: "uint8", outputs }, await plain("#650000").png().toBuffer());
    expect(answer.kind === "classes" && answer.confidences[0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 5); // 0x65 is 101
  });
});

describe("other heads", () => {
  const square = () => image(64, 64);

  test("torchvision: labels from 1, boxes in pixels of the input, a box without a class is the background", async () => {
    const model: LinearModel = {
      input: [3, 32, 32],
      outputs: [
        { name: "boxes", dims: [3, 4], bias: [4, 8, 12, 16, 0, 0, 2, 2, 1, 1, 3, 3] },
        { name: "labels", type: "int64", dims: [3], bias: [2, 0, 1] },
        { name: "scores", dims: [3], bias: [0.75, 0.9, 0.3] },
      ],
    };
    expect(await boxesOf(model, await square(), { card: { classes: ["hat", "vest"] } })).toEqual([
      [8, 16, 24, 32, 0.75, 1],
    ]);
    expect((await inspect(model, { classes: ["__background__", "hat", "vest"] })).classes).toEqual(["hat", "vest"]);
    expect((await inspect(model, { classes: { 1: "hat", 2: "vest" } })).classes).toEqual(["hat", "vest"]);
    expect((await inspect(model)).head.kind).toBe("torchvision");
  });

  test("YOLOv5: objectness times score", async () => {
    const rows = 3 * 21;
    const bias = Array.from({ length: rows * 7 }, (_, i) => [16, 16, 8, 4, 0.8, 0.5, 0.9][i] ?? 0);
    const model: LinearModel = {
      outputs: [{ name: "output0", dims: [1, rows, 7], bias }],
      metadata: namesOf("a", "b"),
    };
    expect(await boxesOf(model, await square())).toEqual([[24, 28, 40, 36, 0.72, 1]]);
  });

  test("end to end: corners, confidence, class", async () => {
    const bias = Array.from({ length: 10 * 6 }, (_, i) => [4, 8, 12, 16, 0.9, 3][i] ?? 0);
    const model: LinearModel = {
      outputs: [{ name: "output0", dims: [1, 10, 6], bias }],
      metadata: namesOf("a", "b", "c", "d"),
    };
    expect(await boxesOf(model, await square())).toEqual([[8, 16, 24, 32, 0.9, 3]]);
  });

  const boxes = { name: "pred_boxes", dims: [1, 2, 4], bias: [0.5, 0.5, 0.25, 0.125, 0.5, 0.5, 1, 1] };

  test("DETR: shares of the input, and with one class more than names no object is the last", async () => {
    const logits = { name: "logits", dims: [1, 2, 3], bias: [2, 0, 0, 0, 0, 5] };
    const card = { classes: ["a", "b"] };
    const certain = Math.round((Math.exp(2) / (Math.exp(2) + 2)) * 1e6) / 1e6;
    const found = await boxesOf({ outputs: [boxes, logits] }, await image(64, 32), { card });
    expect(found).toEqual([[24, 14, 40, 18, certain, 0]]);
    expect((await inspect({ outputs: [boxes, logits] }, card)).input).toMatchObject({ resize: "stretch", mean: [0.485, 0.456, 0.406] }); // prettier-ignore
  });

  test("RT-DETR: sigmoids of the logits; RF-DETR's last is of no class", async () => {
    const logits = { name: "logits", dims: [1, 2, 2], bias: [-9, 1, -9, -9] };
    const certain = Math.round((1 / (1 + Math.exp(-1))) * 1e6) / 1e6;
    expect(await boxesOf({ outputs: [logits, boxes] }, await square(), { card: { classes: ["a", "b"] } })).toEqual([[24, 28, 40, 36, certain, 1]]); // prettier-ignore
    const outputs = [
      { ...boxes, name: "dets" },
      { ...logits, name: "labels" },
    ];
    expect(await boxesOf({ outputs }, await square(), { card: { classes: ["a"] } })).toEqual([]);
  });

  test("models that are told the size of the image", async () => {
    const model: LinearModel = {
      moreInputs: [valueInfo("orig_target_sizes", "int64", [1, 2])],
      outputs: [
        { name: "labels", type: "int64", dims: [1, 1], bias: [1] },
        { name: "boxes", dims: [1, 1, 4], bias: [4, 8, 12, 16] },
        { name: "scores", dims: [1, 1], bias: [0.75] },
      ],
    };
    expect(await boxesOf(model, await square())).toEqual([[8, 16, 24, 32, 0.75, 1]]);
  });

  test("a classifier's logits, or its confidences as they are", async () => {
    const classify = async (bias: number[]) => {
      const answer = await ask({ outputs: [{ name: "output0", dims: [1, 3], bias }] }, await image(90, 30));
      return answer.kind === "classes" ? answer.confidences : null;
    };
    expect(await classify([0, 0, Math.log(2)])).toEqual([0.25, 0.25, 0.5]);
    expect(await classify([0.2, 0.7, 0.1])).toEqual([0.2, 0.7, 0.1]);
  });

  test("sizes that are not fixed are those of the metadata", async () => {
    const outputs = [yolov8Output([[16, 16, 8, 4, 0.9]])];
    const model: LinearModel = { input: ["batch", 3, "height", "width"], outputs, metadata: namesOf("hat") };
    expect(await inspect(model)).toMatchObject({ input: { width: 32, height: 32 }, head: { kind: "yolov8" } });
  });
});

describe("what cannot be served is refused, with what to do", () => {
  test.each<[string, LinearModel, object | undefined, RegExp]>([
    ["a head that nobody knows", { outputs: [{ name: "mask", dims: [1, 2, 4, 4], bias: Array(32).fill(0) }] }, undefined, /"mask" float32 \[1, 2, 4, 4\].*model\.json/],
    ["another task", { outputs: [yolov8Output([[1, 1, 1, 1, 1]])], metadata: { ...namesOf("a"), task: "segment" } }, undefined, /task is "segment"/],
    ["a batch of four", { input: [4, 3, 32, 32], outputs: [yolov8Output([[1, 1, 1, 1, 1]])] }, undefined, /several images at once.*\[4, 3, 32, 32\]/],
    ["channels that are last", { input: [1, 32, 32, 3], outputs: [yolov8Output([[1, 1, 1, 1, 1]])] }, undefined, /no place for channels/],
    ["a second input", { moreInputs: [valueInfo("prompt", "int64", [1, 7])], outputs: [yolov8Output([[1, 1, 1, 1, 1]])] }, undefined, /other inputs.*"prompt"/],
    ["a model.json with a word that means nothing", { outputs: [yolov8Output([[1, 1, 1, 1, 1]])] }, { confidence: 3 }, /model\.json.*not valid/],
    ["a model.json that does not fit", { outputs: [yolov8Output([[1, 1, 1, 1, 1]])] }, { head: "torchvision" }, /do not fit the head "torchvision"/],
  ])("%s", async (_, model, card, sentence) => {
    await expect(inspect(model, card)).rejects.toThrow(sentence);
  }); // prettier-ignore
});
