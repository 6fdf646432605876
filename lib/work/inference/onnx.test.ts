import sharp from "sharp";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "@/lib/domain/context";
import { restoreVersion, trashVersion } from "@/lib/domain/trash";
import type { Preprocessing } from "@/lib/engine/settings";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { trashedVersionRef, versionRef } from "@/lib/testing/lifecycle";
import { linearOnnx, namesOf, yolov8Output } from "@/lib/testing/onnx";
import "@/lib/testing/onnx-script";
import { sent } from "@/lib/testing/sent";
import { zipStream } from "@/lib/engine/zip";
import { buffer } from "node:stream/consumers";
import { handInModel } from "@/lib/work/models/hand-in";
import { predict, type BoxAnswer, type Wanted } from "./inference";
import { dropModels } from "./onnx";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;

beforeEach(async () => {
  dropModels();
  world = await buildWorld();
  project = await buildProject(world, { type: "OBJECT_DETECTION" });
  owner = await userContext(world);
});

const rows = [
  [16, 16, 8, 4, 0.9, 0.1],
  [17, 16, 8, 4, 0.8, 0.1],
  [16, 16, 8, 4, 0.1, 0.7],
];
const onnx = linearOnnx({ outputs: [yolov8Output(rows)], metadata: namesOf("hat", "vest") });

async function serve(bytes: Uint8Array = onnx) {
  const version = await buildVersion(world, project);
  await handInModel(owner, versionRef(world, project, version), {}, sent(bytes));
  return version;
}
const ask = (version: { number: number }, image: Buffer, wanted: Partial<Wanted> = {}) =>
  predict(owner, versionRef(world, project, version), image, { confidence: 0.4, ...wanted }) as Promise<BoxAnswer>;
const image = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "#204060" } }).png().toBuffer(); // prettier-ignore

describe("a detector", () => {
  test("answers boxes in the words of the hosted service", async () => {
    const version = await serve();
    const answer = await ask(version, await image(100, 50));
    expect(answer).toEqual({
      predictions: [
        { x: 50, y: 25, width: 25, height: 12.5, confidence: 0.9, class: "hat", class_id: 0, detection_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string }, // prettier-ignore
        { x: 50, y: 25, width: 25, height: 12.5, confidence: 0.7, class: "vest", class_id: 1, detection_id: expect.any(String) as string }, // prettier-ignore
      ],
      image: { width: 100, height: 50 },
      inference_id: owner.requestId,
      time: expect.any(Number) as number,
    });
    expect((await ask(version, await image(100, 50), { classes: ["vest"] })).predictions).toMatchObject([
      { class: "vest" },
    ]);
    expect((await ask(version, await image(100, 50), { overlap: 1 })).predictions).toHaveLength(3);
    await expect(ask(version, await image(100, 50), { classes: ["dog"] })).rejects.toMatchObject({
      code: "invalid_input",
    });
    await expect(ask(version, Buffer.from("no image"))).rejects.toMatchObject({ code: "unreadable_image" });
  });

  test("in a zip answers the same as by itself", async () => {
    const zip = await buffer(zipStream([{ path: "best.onnx", open: async () => onnx }]));
    const [bare, zipped] = [await serve(), await serve(zip)];
    const shown = await image(64, 64);
    const boxes = async (version: { number: number }) =>
      (await ask(version, shown)).predictions.map(({ detection_id: _, ...box }) => box);
    expect(await boxes(zipped)).toEqual(await boxes(bare));
  });

  test("falls silent with the next call, and says the same after the restore, to the last digit", async () => {
    const version = await serve();
    const shown = await image(77, 51);
    const before = (await ask(version, shown)).predictions;
    await trashVersion(owner, versionRef(world, project, version));
    await expect(ask(version, shown)).rejects.toMatchObject({ code: "model_in_trash" });
    await restoreVersion(owner, trashedVersionRef(world, project, version));
    expect((await ask(version, shown)).predictions).toEqual(before);
  });

  // one model, in one process, whose version is said to have done this and that
  test("sees images as its version has them, and its boxes lie on the image that was sent", async () => {
    const version = await serve();
    for (const [name, preprocessing, box] of STEPS) {
      await prisma().version.update({ where: { id: version.id }, data: { preprocessing } });
      const { predictions, image: size } = await ask(version, await image(100, 50));
      const [{ x, y, width, height }] = predictions as [BoxAnswer["predictions"][0]];
      expect([x, y, width, height], name).toEqual(box);
      expect(size).toEqual({ width: 100, height: 50 });
    }
    const turned = await sharp(await image(50, 100))
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer();
    for (const preprocessing of [{}, { "auto-orient": true }]) {
      await prisma().version.update({ where: { id: version.id }, data: { preprocessing } });
      const { predictions, image: size } = await ask(version, turned);
      expect(size).toEqual({ width: 100, height: 50 });
      const [{ x, y, width, height }] = predictions as [BoxAnswer["predictions"][0]];
      // stored 50 × 100; without auto-orient the version has it so, and the box is turned with it
      expect([x, y, width, height]).toEqual("auto-orient" in preprocessing ? [50, 25, 25, 12.5] : [50, 25, 12.5, 25]);
    }
  });
});

const STEPS: [string, Preprocessing, number[]][] = [
  ["nothing", {}, [50, 25, 25, 12.5]],
  // 100 × 50 becomes 64 × 64, which is 32 × 32 at half its size: the box is 16 × 8 there
  ["stretched", { resize: { width: 64, height: 64, format: "Stretch to" } }, [50, 25, 25, 6.25]],
  // 64 × 32 within black edges
  ["fitted", { resize: { width: 64, height: 64, format: "Fit (black edges) in" } }, [50, 25, 25, 12.5]],
  // its middle 50 × 50
  ["filled", { resize: { width: 64, height: 64, format: "Fill (with center crop) in" } }, [50, 25, 12.5, 6.25]],
  // its left half, 50 × 50
  ["cropped", { "static-crop": { x_min: 0, x_max: 50, y_min: 0, y_max: 100 } }, [25, 25, 12.5, 6.25]],
];
