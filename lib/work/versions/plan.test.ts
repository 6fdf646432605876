import { writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { sourceImageKey } from "@/lib/domain/images";
import { versionPrefix } from "@/lib/domain/versions";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, fingerprintTables, userContext, type World } from "@/lib/testing/builders";
import { memberContext, outcomeOf, projectRef, storeFolder } from "@/lib/testing/lifecycle";
import { markedImage } from "@/lib/testing/pixels";
import { uploadDigits } from "@/lib/testing/real-version";
import { uploadImage } from "@/lib/work/uploads/images";
import { generateVersionNow } from "./generator";
import { estimateVersion, generateVersion, type ChosenSettings } from "./plan";
import { PREVIEW_MAX, previewImages } from "./preview";

const SETTINGS: ChosenSettings = {
  preprocessing: { "filter-null": { percent: 50 }, resize: { width: 16, height: 16, format: "Stretch to" } },
  augmentation: { image: { versions: 3 }, noise: { percent: 5 } },
  splits: { train: 60, valid: 20, test: 20 },
  seed: 3,
};

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
const ref = () => projectRef(world, project);

beforeAll(async () => {
  world = await buildWorld({ imageQuota: 1000 });
  project = await buildProject(world);
  await uploadDigits(world, project, 14);
  const unlabelled = await prisma().image.findMany({
    where: { projectId: project.id },
    take: 9,
    orderBy: { id: "asc" },
  });
  await prisma().image.updateMany({ where: { id: { in: unlabelled.map(({ id }) => id) } }, data: { label: null } });
});

test("an estimate is what is then generated, and writes nothing", async () => {
  const ctx = await userContext(world);
  const before = await fingerprintTables();
  const estimate = await estimateVersion(ctx, ref(), SETTINGS);
  expect(estimate).toEqual({ images: { train: 18, valid: 2, test: 2 }, quota: 1000, free: 1000, inTrash: 0 });
  expect(await estimateVersion(ctx, ref(), { ...SETTINGS, seed: undefined })).toEqual(estimate);
  expect(await fingerprintTables()).toEqual(before);

  const version = await generateVersion(ctx, ref(), SETTINGS);
  expect(version.images).toBe(22);
  expect(await generateVersionNow(await systemContext("test"), version.id)).toBe("ready");
  expect(await prisma().version.findUnique({ where: { id: version.id } })).toMatchObject({
    trainImages: 18,
    validImages: 2,
    testImages: 2,
  });
});

test("a preview shows the very files that a version of these settings and seed has", async () => {
  const ctx = await userContext(world);
  const settings: ChosenSettings = { ...SETTINGS, preprocessing: {}, splits: null };
  const before = await fingerprintTables();
  const previews = await previewImages(ctx, ref(), settings, { count: 6 });
  expect([previews.length, new Set(previews.map(({ imageId }) => imageId)).size]).toEqual([6, 6]);
  expect(await fingerprintTables()).toEqual(before);

  const version = await generateVersion(ctx, ref(), settings);
  expect(await generateVersionNow(await systemContext("test"), version.id)).toBe("ready");
  for (const [index, { imageId, bytes, contentType }] of previews.entries()) {
    expect(contentType).toBe("image/png");
    expect(
      bytes.equals(await blobStore().get(`${versionPrefix(version.id)}images/train/${imageId}-${index % 3}.png`)),
    ).toBe(true);
  }
});

test("a preview shows boxes and classes as they will be, leaves out what cannot be read, and is bounded", async () => {
  const boxed = await buildProject(world, { type: "OBJECT_DETECTION" });
  const ctx = await userContext(world);
  for (let i = 0; i <= PREVIEW_MAX + 1; i++) {
    const { id } = await uploadImage(
      ctx,
      projectRef(world, boxed),
      [await markedImage(32, 32 + i, { x: 4, y: 8, width: 8, height: 4 })],
      { fileName: `${i}.png`, label: null, split: null },
    );
    await prisma().image.update({
      where: { id },
      data: { boxes: [{ label: "cat", x: 4, y: 8, width: 8, height: 4 }] },
    });
  }
  const [first] = await prisma().image.findMany({
    where: { projectId: boxed.id },
    orderBy: { sha256: "asc" },
    take: 1,
  });
  writeFileSync(path.join(storeFolder(), sourceImageKey(boxed.id, first!.id)), "no image");
  const settings: ChosenSettings = {
    preprocessing: { remap: { cat: "dog" }, "filter-null": { percent: 100 } },
    augmentation: {},
    splits: null,
    seed: undefined,
  };
  const previews = await previewImages(ctx, projectRef(world, boxed), settings, { count: 1000 });
  expect(previews).toHaveLength(PREVIEW_MAX - 1);
  expect(previews[0]).toMatchObject({ label: null, boxes: [{ label: "dog", x: 4, y: 8, width: 8, height: 4 }] });
});

test("neither is for viewers", async () => {
  const viewer = await memberContext(world, "VIEWER");
  expect(await outcomeOf(estimateVersion(viewer, ref(), SETTINGS))).toBe("forbidden");
  expect(await outcomeOf(previewImages(viewer, ref(), SETTINGS, { count: 1 }))).toBe("forbidden");
});
