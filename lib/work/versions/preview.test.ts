import { writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { sourceImageKey } from "@/lib/domain/images";
import { versionPrefix } from "@/lib/domain/grants";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, fingerprintTables, userContext, type World } from "@/lib/testing/builders";
import { projectRef, storeFolder } from "@/lib/testing/lifecycle";
import { markedImage } from "@/lib/testing/pixels";
import { uploadDigits } from "@/lib/testing/real-version";
import { uploadImage } from "@/lib/work/uploads/images";
import { generateVersionNow } from "./generator";
import { readManifest } from "./manifest";
import { generateVersion, type ChosenSettings } from "./plan";
import { PREVIEW_MAX, previewImages } from "./preview";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";

leavesBroken("it spoils a source image");

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
const ref = () => projectRef(world, project);

beforeAll(async () => {
  world = await buildWorld({ imageQuota: 1000 });
  project = await buildProject(world);
  await uploadDigits(world, project, 14);
});

test("a preview shows the very files that a version of these settings and seed has", async () => {
  const ctx = await userContext(world);
  const settings: ChosenSettings = {
    preprocessing: {},
    augmentation: { image: { versions: 3 }, noise: { percent: 5 } },
    splits: null,
    seed: 3,
  };
  const before = await fingerprintTables();
  const previews = await previewImages(ctx, ref(), settings, { count: 6 });
  expect([previews.length, new Set(previews.map(({ imageId }) => imageId)).size]).toEqual([6, 6]);
  expect(await fingerprintTables()).toEqual(before);

  const version = await generateVersion(ctx, ref(), settings);
  expect(await generateVersionNow(await systemContext("test"), version.id)).toBe("ready");
  const { manifestHash } = await prisma().version.findUniqueOrThrow({ where: { id: version.id } });
  const { files } = (await readManifest(version.id, manifestHash!)).manifest;
  for (const [index, { imageId, bytes, contentType }] of previews.entries()) {
    expect(contentType).toBe("image/png");
    const { path } = files.find(({ sourceImageId, output }) => sourceImageId === imageId && output === index % 3)!;
    expect(bytes.equals(await blobStore().get(`${versionPrefix(version.id)}${path}`))).toBe(true);
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
