import { describe, expect, it } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { heartbeatGeneration } from "@/lib/domain/versions";
import { generateVersionNow } from "@/lib/work/versions/generator";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildProject, buildVersion, buildWorld, fingerprintTables } from "@/lib/testing/builders";
import { claimVersion, usedImages } from "@/lib/testing/lifecycle";
import { uploadDigits } from "@/lib/testing/real-version";
import { call } from "./_test/call-api";

async function buildScene({ images = 2, imageQuota = 100 } = {}) {
  const world = await buildWorld({ imageQuota });
  const key = await buildApiKey(world);
  const project = await buildProject(world);
  if (images > 0) await uploadDigits(world, project, images);
  const path = `/${world.workspace.slug}/${project.slug}`;
  return { world, key, project, path, generate: (json: unknown) => call("POST", `${path}/generate`, { key, json }) };
}

const NOTHING = { preprocessing: {}, augmentation: {} };

describe("POST generate", () => {
  it("answers 200 with the number, and the version is seen to be generated, then ready, as the client polls", async () => {
    const { world, key, project, path, generate } = await buildScene();
    const settings = {
      preprocessing: { "auto-orient": true, resize: { width: 16, height: 16, format: "Stretch to" } },
      augmentation: { image: { versions: 3 }, flip: { horizontal: true } },
    };
    expect(await generate({ ...settings, versionName: "from the client" })).toMatchObject({
      status: 200,
      body: { message: "Generating", version: 1 },
    });
    expect(await usedImages(world)).toBe(6);

    const { id } = await prisma().version.findFirstOrThrow({ where: { projectId: project.id } });
    await heartbeatGeneration(await systemContext("generate"), await claimVersion({ id }), 0.5);
    expect((await call("GET", `${path}/1`, { key })).body).toMatchObject({
      version: { name: "from the client", generating: true, progress: 0.5, images: 0 },
    });
    await prisma().version.update({ where: { id }, data: { generatorLeaseId: null, generatorUntil: null } });
    expect(await generateVersionNow(await systemContext("generate"), id)).toBe("ready");
    expect((await call("GET", `${path}/1`, { key })).body).toMatchObject({
      version: { generating: false, progress: 1, images: 6, splits: { train: 6, valid: 0, test: 0 }, ...settings },
    });
  });

  it("takes shares of the splits and a seed, and names the version after the instant", async () => {
    const { project, generate } = await buildScene();
    expect(await generate({ ...NOTHING, splits: { train: 50, valid: 50, test: 0 }, seed: 7 })).toMatchObject({
      status: 200,
    });
    expect(await prisma().version.findFirst({ where: { projectId: project.id } })).toMatchObject({
      seed: 7,
      splitPercents: { train: 50, valid: 50, test: 0 },
      name: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d$/),
    });
  });

  it("deals by the project's seed without one, so that images stay in their splits from version to version", async () => {
    const { key, path, project, world, generate } = await buildScene({ images: 12 });
    await prisma().project.update({ where: { id: project.id }, data: { seed: 2_147_483_647 } });
    const splits = { train: 60, valid: 20, test: 20 };
    const dealt = async (): Promise<Map<string, string>> => {
      const { body } = await generate({ ...NOTHING, splits });
      const { version } = body as { version: number };
      const { id } = await prisma().version.findFirstOrThrow({ where: { projectId: project.id, number: version } });
      const sources = await prisma().generationSource.findMany({ where: { versionId: id } });
      return new Map(sources.map(({ imageId, split }) => [imageId, split]));
    };
    const first = await dealt();
    const sizes = ["TRAIN", "VALID", "TEST"].map((split) => [...first.values()].filter((one) => one === split).length);
    expect(sizes).toEqual([7, 3, 2]); // of 7.2, 2.4 and 2.4
    expect(await dealt()).toEqual(first);
    await uploadDigits(world, project, 13); // one more than there are
    const third = await dealt();
    expect(third.size).toBe(13);
    expect([...first].filter(([id, split]) => third.get(id) !== split).length).toBeLessThanOrEqual(4);
    expect((await call("GET", path, { key })).body).toMatchObject({
      versions: [{ seed: 2_147_483_647, rebalanced: splits }, { seed: 2_147_483_647 }, {}],
    });
  });

  it.each([
    ["no settings", {}, /"preprocessing"/],
    ["an unknown key", { preprocessing: { blurr: true }, augmentation: {} }, /"blurr"/],
    [
      "a key that is not supported",
      { preprocessing: {}, augmentation: { mosaic: true } },
      /"mosaic" is not supported here/,
    ],
    [
      "a value out of range",
      { preprocessing: {}, augmentation: { image: { versions: 51 } } },
      /"augmentation\.image\.versions"/,
    ],
    [
      "a value of another type",
      { preprocessing: { resize: { width: "640", height: 640, format: "Stretch to" } }, augmentation: {} },
      /"preprocessing\.resize\.width"/,
    ],
    ["shares that are not 100 together", { ...NOTHING, splits: { train: 50, valid: 20, test: 20 } }, /"splits"/],
    ["a key of no meaning", { ...NOTHING, name: "x" }, /"name"/],
  ])("is 400 and names the key for %s", async (_what, json, named) => {
    const { generate } = await buildScene({ images: 0 });
    const before = await fingerprintTables();
    expect(await generate(json)).toMatchObject({
      status: 400,
      body: { code: "invalid_request", error: expect.stringMatching(named) },
    });
    expect(await fingerprintTables()).toEqual(before);
  });

  it("is 402 with the figures over the quota, 409 with nothing to generate, 404 in Trash", async () => {
    const { world, key, project, path, generate } = await buildScene({ imageQuota: 3 });
    await buildVersion(world, project, { images: 2 });
    await call("DELETE", `${path}/1`, { key });
    expect(await generate(NOTHING)).toMatchObject({
      status: 402,
      body: {
        code: "quota_exceeded",
        needed: 2,
        free: 1,
        quota: 3,
        inTrash: 2,
        error:
          "This version needs 2 images, and 1 of 3 are free. 2 sit in Trash: purge some of them, or ask for a larger quota.",
      },
    });
    await prisma().image.updateMany({ where: { projectId: project.id }, data: { label: null } });
    expect(await generate({ preprocessing: { "filter-null": { percent: 100 } }, augmentation: {} })).toMatchObject({
      status: 409,
      body: { code: "nothing_to_generate", images: 2 },
    });
    await call("DELETE", path, { key });
    expect(await generate(NOTHING)).toMatchObject({ status: 404, body: { code: "in_trash" } });
  });

  it("is 401 for a key without version:create", async () => {
    const { world, path } = await buildScene({ images: 0 });
    const key = await buildApiKey(world, { scopes: ["version:read", "version:update"] });
    expect(await call("POST", `${path}/generate`, { key, json: NOTHING })).toMatchObject({
      status: 401,
      body: { code: "missing_scope" },
    });
  });
});
