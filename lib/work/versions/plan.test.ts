import { beforeAll, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, fingerprintTables, userContext, type World } from "@/lib/testing/builders";
import { memberContext, outcomeOf, projectRef } from "@/lib/testing/lifecycle";
import { uploadDigits } from "@/lib/testing/real-version";
import { generateVersionNow } from "./generator";

import { estimateVersion, generateVersion, type ChosenSettings } from "./plan";
import { previewImages } from "./preview";

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

test("neither is for viewers", async () => {
  const viewer = await memberContext(world, "VIEWER");
  expect(await outcomeOf(estimateVersion(viewer, ref(), SETTINGS))).toBe("forbidden");
  expect(await outcomeOf(previewImages(viewer, ref(), SETTINGS, { count: 1 }))).toBe("forbidden");
});
