import sharp from "sharp";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Context } from "@/lib/domain/context";
import { type ModelRef, weightsPath } from "@/lib/domain/trainings";
import { purgeItem, restoreVersion, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { versionPrefix } from "@/lib/domain/grants";
import { readDigits, type Digit } from "@/lib/engine/digits";
import { RENDERS_IN_FLIGHT } from "@/lib/engine/generate";
import { createPredictor } from "@/lib/engine/trainer/predictor";
import { train } from "@/lib/engine/trainer/train";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import {
  itemRef,
  keyContext,
  memberContext,
  projectRef,
  trainingRef,
  trashedVersionRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { photo, render } from "@/lib/testing/pixels";
import { raceAt } from "@/lib/testing/race";
import { drawWeights, storeModel, storeServingVersion } from "@/lib/testing/served-model";
import { type ClassAnswer, predict } from "./inference";
import { storeFile } from "@/lib/testing/store-file";

const CLASSES = [..."0123456789"];
let digits: Digit[];
let weights: Buffer;
let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof storeServingVersion>>;
let owner: Context;

beforeAll(async () => {
  digits = await readDigits(200);
  const never = new AbortController().signal;
  async function* images() {
    for (const { fileName, split, label, png } of digits) yield { path: fileName, split, label, bytes: png };
  }
  ({ weights } = await train({
    classes: CLASSES,
    images: images(),
    epochs: 3,
    seed: 1,
    onEpoch: () => undefined,
    cancel: never,
    stop: never,
  }));
});

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await storeServingVersion(world, project, { weights });
  owner = await userContext(world);
});

const byVersion = () => versionRef(world, project, version);
const bySlug = ({ slug } = version.model as { slug: string }) => ({
  workspaceSlug: world.workspace.slug,
  modelSlug: slug,
});
const ask = (
  image: Buffer,
  { ref = byVersion(), ctx = owner, confidence = 0.4 }: { ref?: ModelRef; ctx?: Context; confidence?: number } = {},
) => predict(ctx, ref, image, { confidence }) as Promise<ClassAnswer>;

describe("a prediction", () => {
  test("is the trained model's own, in the words of the client, the most confident class first", async () => {
    const bare = createPredictor(weights);
    const tests = digits.filter(({ split }) => split === "test");
    let right = 0;
    for (const { png, label } of tests) {
      const answer = await ask(png, { confidence: 0 });
      expect(answer).toMatchObject({
        ...(await bare.predict(png)),
        inference_id: owner.requestId,
        image: { width: 28, height: 28 },
      });
      expect(answer).toMatchObject({
        top: answer.predictions[0]!.class,
        confidence: answer.predictions[0]!.confidence,
      });
      right += Number(answer.top === label);
    }
    expect(right / tests.length).toBeGreaterThan(0.7);
  });

  test("leaves out what is less confident than was asked, but never the first", async () => {
    const all = (await ask(digits[0]!.png, { confidence: 0 })).predictions;
    const second = all[1]!.confidence;
    expect((await ask(digits[0]!.png, { confidence: second })).predictions).toEqual(all.slice(0, 2));
    expect((await ask(digits[0]!.png, { confidence: 1 })).predictions).toEqual(all.slice(0, 1));
  });

  test("of an image is the one that the version's own file of it gets, whatever was done to that", async () => {
    const source = await sharp(await photo(90, 60))
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const bare = createPredictor(drawWeights());
    const served = async (preprocessing: object) =>
      ask(source, {
        ref: versionRef(
          world,
          project,
          await storeServingVersion(world, project, { preprocessing, weights: drawWeights() }),
        ),
        confidence: 0,
      });
    for (const preprocessing of [
      { "auto-orient": true, grayscale: true },
      { grayscale: true, contrast: { type: "Contrast Stretching" as const } },
      {
        "static-crop": { x_min: 10, x_max: 60, y_min: 20, y_max: 100 },
        resize: { width: 40, height: 40, format: "Fit (white edges) in" as const },
      },
      {}, // not turned upright
    ]) {
      const { bytes } = await render(source, { preprocessing, contentType: "image/jpeg" });
      expect(await served(preprocessing)).toMatchObject({
        predictions: (await bare.predict(bytes)).predictions,
        image: { width: 60, height: 90 },
      });
    }
    const plain = await bare.predict(source);
    const upright = await served({
      "auto-orient": true,
      grayscale: false,
      "filter-null": { percent: 10 },
      remap: { a: "b" },
    });
    expect(upright).toMatchObject(plain);
    const tiled = await served({ "auto-orient": true, tile: { rows: 2, columns: 2 } });
    expect(tiled).toMatchObject(plain);
    expect((await served({})).predictions).not.toEqual(plain.predictions);
  });

  test.each([
    ["no image", Buffer.from("hello"), /not an image/],
    ["a photo of a telephone", Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic"), /HEIC/],
    ["an image cut short", () => digits[0]!.png.subarray(0, 200), /broken/],
    [
      "60 megapixels",
      () =>
        sharp({ create: { width: 10_000, height: 6_000, channels: 3, background: "black" } })
          .png()
          .toBuffer(),
      /60 megapixels/,
    ],
  ])("of %s is refused with a sentence", async (_what, image, sentence) => {
    const bytes = Buffer.isBuffer(image) ? image : await image();
    for (const preprocessing of [{}, { grayscale: true }]) {
      const ref = versionRef(
        world,
        project,
        await storeServingVersion(world, project, { preprocessing, weights: drawWeights() }),
      );
      await expect(ask(bytes, { ref })).rejects.toMatchObject({
        code: "unreadable_image",
        publicMessage: expect.stringMatching(sentence),
      });
    }
  });

  test("is refused where the weights are no trainer's of ours, are gone, or are too large to hold", async () => {
    const foreign = await storeServingVersion(world, project, { weights: Buffer.from("PK\x03\x04 a pickle") });
    const lost = await storeServingVersion(world, project);
    await blobStore().removePrefix(versionPrefix(lost.id));
    const huge = await storeServingVersion(world, project);
    await prisma().model.update({ where: { id: huge.model.id }, data: { sizeBytes: 300 * 1024 ** 2 } });
    for (const { number } of [foreign, lost, huge])
      await expect(ask(digits[0]!.png, { ref: versionRef(world, project, { number }) })).rejects.toMatchObject({
        code: "not_servable",
      });
  });

  test("is for every member and every key of the scope, and for nobody else", async () => {
    const { predictions } = await ask(digits[0]!.png);
    expect((await ask(digits[0]!.png, { ctx: await memberContext(world, "VIEWER") })).predictions).toEqual(predictions);
    expect(
      (await ask(digits[0]!.png, { ctx: await keyContext(world, { scopes: ["model:infer"] }) })).predictions,
    ).toEqual(predictions);
    await expect(
      ask(digits[0]!.png, { ctx: await keyContext(world, { scopes: ["version:read"] }) }),
    ).rejects.toMatchObject({ code: "missing_scope" });
    await expect(ask(digits[0]!.png, { ctx: await userContext(await buildWorld()) })).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

/** A second process: modules of its own, with another pool and another memory. */
async function startSecond() {
  vi.resetModules();
  const [{ predict: second }, { disconnect }, { writeModelCalls: write }] = await Promise.all([
    import("./inference"),
    import("@/lib/platform/db"),
    import("./calls"),
  ]);
  vi.resetModules();
  return { predict: second, write, end: disconnect };
}

describe("Trash", () => {
  test("silences a model on every process at their very next call, though both hold it in memory; after a restore each digit is as before", async () => {
    const second = await startSecond();
    const both = [predict, second.predict];
    const askAll = () =>
      Promise.all(
        both.flatMap((one) =>
          [byVersion(), bySlug()].map(
            async (ref) => (await one(owner, ref, digits[7]!.png, { confidence: 0 })).predictions,
          ),
        ),
      );
    const before = await askAll();
    expect(new Set(before.map((predictions) => JSON.stringify(predictions))).size).toBe(1);
    await trashVersion(owner, byVersion());
    for (const one of both)
      for (const ref of [byVersion(), bySlug()])
        await expect(one(owner, ref, digits[7]!.png, { confidence: 0 })).rejects.toMatchObject({
          code: "model_in_trash",
          details: { restorableUntil: new Date(owner.now.getTime() + 30 * 24 * 3_600_000).toISOString() },
        });
    await restoreVersion(owner, trashedVersionRef(world, project, version));
    expect(await askAll()).toEqual(before);
    const third = await startSecond(); // which read the weights anew
    expect((await third.predict(owner, byVersion(), digits[7]!.png, { confidence: 0 })).predictions).toEqual(before[0]);
    await Promise.all([second, third].map(({ write }) => write()));
    await Promise.all([second, third].map(({ end }) => end()));
  });

  test("that is committed while calls go on is seen by each that comes after, and none before it is harmed", async () => {
    let trashed = false;
    await raceAt(["versions", version], [() => trashVersion(owner, byVersion())], async () => {
      const answers = await Promise.all(Array.from({ length: 6 }, () => ask(digits[3]!.png)));
      expect(answers.every(({ top }) => top === answers[0]!.top)).toBe(true); // the trash waits, nobody waits for it
      trashed = true;
    });
    expect(trashed).toBe(true);
    await expect(ask(digits[3]!.png)).rejects.toMatchObject({ code: "model_in_trash" });
  });

  test("is heeded by a call that has waited for others since it asked the database", async () => {
    const other = await storeServingVersion(world, project, { weights: drawWeights() });
    const large = await sharp({ create: { width: 7000, height: 7000, channels: 3, background: "black" } })
      .png()
      .toBuffer();
    const before = Array.from({ length: 3 * RENDERS_IN_FLIGHT }, () =>
      ask(large, { ref: versionRef(world, project, other) }),
    );
    const waiting = ask(digits[3]!.png).catch((error: unknown) => error);
    await Promise.race(before);
    await trashVersion(owner, byVersion());
    expect(await waiting).toMatchObject({ code: "model_in_trash" });
    await Promise.all(before);
  });

  test("silences with the training and the project, too, and a purge for ever; nothing in memory answers any more", async () => {
    const { training, other } = {
      training: version.model.trainingId,
      other: await storeModel(world, version, drawWeights()),
    };
    await ask(digits[0]!.png, { ref: bySlug(other) });
    await ask(digits[0]!.png);
    await trashTraining(owner, trainingRef(world, { id: training }));
    await expect(ask(digits[0]!.png)).rejects.toMatchObject({ code: "model_in_trash" });
    await purgeItem(owner, itemRef(world, "TRAINING", { id: training }), UNBOUNDED);
    await expect(ask(digits[0]!.png)).rejects.toMatchObject({ code: "purged" });
    await expect(ask(digits[0]!.png, { ref: bySlug() })).rejects.toMatchObject({ code: "purged" });
    await trashProject(owner, projectRef(world, project));
    await expect(ask(digits[0]!.png, { ref: bySlug(other) })).rejects.toMatchObject({ code: "model_in_trash" });
  });
});

describe("memory", () => {
  test("of weights that the store could not give is not poisoned: the next call finds them", async () => {
    const late = await storeServingVersion(world, project, { weights });
    const ref = versionRef(world, project, late);
    const store = blobStore();
    const key = `${versionPrefix(late.id)}${weightsPath(late.model)}`;
    await store.remove([key]);
    await expect(ask(digits[0]!.png, { ref })).rejects.toMatchObject({ code: "not_servable" });
    await storeFile(key, weights);
    expect((await ask(digits[0]!.png, { ref })).predictions).toEqual((await ask(digits[0]!.png)).predictions);
  });

  test("more calls than can wait are told to come again, and the others are answered", async () => {
    const ended = await Promise.allSettled(Array.from({ length: 120 }, () => ask(digits[0]!.png)));
    const refused = ended.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(120 - 64);
    for (const reason of refused) expect(reason).toMatchObject({ code: "busy" });
    expect((await ask(digits[0]!.png)).top).toBe(
      ended.flatMap((one) => (one.status === "fulfilled" ? [one.value.top] : []))[0],
    );
  });
});
