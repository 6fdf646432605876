import { beforeEach, describe, expect, test } from "vitest";
import { prisma, query } from "@/lib/platform/db";
import { buildImages, buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import {
  allToTest,
  memberContext,
  newVersion,
  outcomeOf,
  planOf,
  projectRef,
  usedImages,
  versionRef,
} from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { systemContext, type Context } from "@/lib/domain/context";
import { createVersion, getPlanningFacts } from "./generation";
import { cancelVersionGeneration, retryVersionGeneration } from "./generation-end";
import { claimGeneration, listGenerationSources } from "./generation-work";
import { trashVersion } from "@/lib/domain/trash";
let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;
let worker: Context;

beforeEach(async () => {
  await query(
    {
      text: "update versions set status = 'FAILED', counted_images = 0, generator_lease_id = null, generator_until = null where status = 'GENERATING'",
    },
    [],
  ); // of earlier tests
  await query(
    {
      text: "update workspaces set used_images = (select coalesce(sum(counted_images), 0) from versions where workspace_id = workspaces.id)",
    },
    [],
  );
  await query({ text: "delete from generation_sources" }, []);
  world = await buildWorld({ imageQuota: 100 });
  project = await buildProject(world);
  owner = await userContext(world);
  worker = await systemContext("generate");
});

const ref = () => projectRef(world, project);
const create = (images = 20) => createVersion(owner, { ...ref(), ...newVersion(images) });
const at = (version: { number: number }) => versionRef(world, project, version);
const row = (version: { id: string }) => prisma().version.findUniqueOrThrow({ where: { id: version.id } });
const sourcesOf = (version: { id: string }) =>
  prisma().generationSource.findMany({ where: { versionId: version.id }, orderBy: { imageId: "asc" } });
const wakeUps = async () =>
  (
    await query<{ count: number }>(
      { text: "select count(*)::int as count from pgboss.job where name = 'generate-versions' and state = 'created'" },
      [],
    )
  )[0]!.count;
const addImages = (count: number) => buildImages(project, count);

describe("a new version", () => {
  test("is called after the instant and has its project's seed, unless told otherwise", async () => {
    await prisma().project.update({ where: { id: project.id }, data: { seed: 123 } });
    const now = new Date("2026-05-01T23:07:59.999Z");
    const { seed: _, ...unseeded } = newVersion(1);
    const made = await createVersion({ ...owner, now }, { ...ref(), ...unseeded });
    expect(made).toMatchObject({ number: 1, name: "2026-05-01 23:07", images: 1 });
    expect(await row(made)).toMatchObject({ seed: 123 });
    expect(await outcomeOf(createVersion(owner, { ...ref(), ...newVersion(1), name: " " }))).toBe("invalid_input");
    expect(await row(await createVersion(owner, { ...ref(), ...newVersion(1), name: "mine", seed: 7 }))).toMatchObject({
      name: "mine",
      seed: 7,
      number: 2,
    });
    // another is for that version alone, unless it is to be kept; a refused one changes nothing
    expect(await row(await createVersion(owner, { ...ref(), ...unseeded }))).toMatchObject({ seed: 123 });
    const kept = { ...ref(), ...newVersion(1), seed: 8, keepSeed: true };
    expect(await outcomeOf(createVersion(owner, { ...kept, plan: () => ({ sources: [], images: 0 }) }))).toBe(
      "nothing_to_generate",
    );
    expect(await row(await createVersion(owner, { ...ref(), ...unseeded }))).toMatchObject({ seed: 123, number: 4 });
    await createVersion(owner, kept);
    expect(await row(await createVersion(owner, { ...ref(), ...unseeded }))).toMatchObject({ seed: 8, number: 6 });
  });

  test("keeps what was planned, in the order of the images' ids, and wakes a worker, all in one", async () => {
    const ids = await addImages(3);
    const before = await wakeUps();
    const splits = { train: 0, valid: 0, test: 100 };
    const version = await createVersion(owner, { ...ref(), ...newVersion(0), splits, plan: allToTest });
    expect((await sourcesOf(version)).map(({ imageId, split, label }) => [imageId, split, label])).toEqual(
      ids.toSorted().map((id) => [id, "TEST", String(ids.indexOf(id))]),
    );
    expect(await row(version)).toMatchObject({ status: "GENERATING", countedImages: 3, splitPercents: splits });
    expect(await wakeUps()).toBe(before + 1);
    expect(await claimGeneration(worker, { versionId: version.id })).toMatchObject({
      splits,
      images: 3,
      type: "CLASSIFICATION",
      seed: 1,
    });
    expect(
      (await listGenerationSources(worker, version.id, { after: ids.toSorted()[0]!, limit: 1 })).map(
        ({ id, contentType }) => [id, contentType],
      ),
    ).toEqual([[ids.toSorted()[1], "image/png"]]);
  });

  test("is made of the images as they are when its turn comes, and an upload waits until it is planned", async () => {
    const upload = async () => {
      const second = await connectSecond();
      try {
        await second.query("begin");
        await second.query("select id from projects where id = $1 for share", [project.id]);
        await addImages(1);
        await second.query("commit");
      } finally {
        await second.end();
      }
    };
    await addImages(2);
    const [made] = await raceAt(
      ["projects", project],
      [() => createVersion(owner, { ...ref(), ...newVersion(0), plan: allToTest }), upload],
    );
    expect([made.images, await prisma().image.count({ where: { projectId: project.id } })]).toEqual([2, 3]);
  });

  test("is refused when the project has no images, and when the settings leave none", async () => {
    await expect(create(0)).rejects.toMatchObject({
      code: "nothing_to_generate",
      publicMessage: expect.stringContaining("has no images"),
    });
    await addImages(2);
    await expect(create(0)).rejects.toMatchObject({
      code: "nothing_to_generate",
      publicMessage: expect.stringContaining("None of the 2 images"),
    });
    expect([await usedImages(world), await prisma().version.count({ where: { projectId: project.id } })]).toEqual([
      0, 0,
    ]);
  });

  test("over the quota is refused with the figures and what sits in Trash, and draws no number", async () => {
    await trashVersion(owner, at(await buildVersion(world, project, { images: 30 })));
    await expect(create(71)).rejects.toMatchObject({
      code: "quota_exceeded",
      details: { needed: 71, free: 70, quota: 100, inTrash: 30 },
    });
    expect((await create(70)).number).toBe(2);
    await expect(create(1)).rejects.toMatchObject({ details: { free: 0 } });
    await prisma().workspace.update({ where: { id: world.workspace.id }, data: { imageQuota: 50 } }); // lowered below what is used
    await expect(create(1)).rejects.toMatchObject({ details: { free: 0, quota: 50 } });
    expect(await getPlanningFacts(owner, ref())).toEqual({ images: [], free: 0, quota: 50, inTrash: 30 });
  });

  test("is not for viewers", async () => {
    const viewer = await memberContext(world, "VIEWER");
    const version = await create();
    expect(await outcomeOf(createVersion(viewer, { ...ref(), ...newVersion(1) }))).toBe("forbidden");
    expect(await outcomeOf(cancelVersionGeneration(viewer, at(version)))).toBe("forbidden");
    expect(await outcomeOf(retryVersionGeneration(viewer, at(version), planOf(1)))).toBe("forbidden");
    expect(await outcomeOf(getPlanningFacts(viewer, ref()))).toBe("forbidden");
  });
});
