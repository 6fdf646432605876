import { expect, test } from "vitest";
import { giveBackImages, readQuota, reserveImages } from "@/lib/domain/quota";
import { trashProject, trashVersion } from "@/lib/domain/trash";
import { transaction } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { projectRef, usedImages, versionRef } from "@/lib/testing/lifecycle";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";

leavesBroken("it changes the sum without versions");

const reserve = (world: World, images: number) => transaction((tx) => reserveImages(tx, world.workspace.id, images));

async function setup() {
  const world = await buildWorld({ imageQuota: 10 });
  const project = await buildProject(world);
  return { world, project, version: await buildVersion(world, project, { images: 7 }) };
}

test("the last image that fits is reserved; one more is refused, and nothing is", async () => {
  const { world } = await setup();
  await reserve(world, 3);
  expect(await usedImages(world)).toBe(10);
  await expect(reserve(world, 1)).rejects.toMatchObject({
    code: "quota_exceeded",
    details: { needed: 1, quota: 10, free: 0, inTrash: 0 },
  });
  expect(await usedImages(world)).toBe(10);
});

test("a refusal says what is free, and what a purge would free", async () => {
  const { world, project, version } = await setup();
  const owner = await userContext(world);
  await expect(reserve(world, 4)).rejects.toMatchObject({
    publicMessage: expect.stringContaining("needs 4 images, and 3 of 10 are free. Nothing sits in Trash."),
  });
  await trashVersion(owner, versionRef(world, project, version));
  await expect(reserve(world, 4)).rejects.toMatchObject({
    details: { needed: 4, quota: 10, free: 3, inTrash: 7 },
    publicMessage: expect.stringContaining("7 sit in Trash"),
  });
});

test("what is in Trash, be it through its project, counts there once, and goes on counting", async () => {
  const { world, project, version } = await setup();
  const owner = await userContext(world);
  await trashVersion(owner, versionRef(world, project, version));
  await buildVersion(world, project, { images: 2 });
  await trashProject(owner, projectRef(world, project));
  expect(await readQuota(world.workspace.id)).toEqual({ quota: 10, free: 1, inTrash: 9 });
});

test("a workspace that holds more than its quota has nothing free, and no less than nothing", async () => {
  const world = await buildWorld({ imageQuota: 5 });
  await buildVersion(world, await buildProject(world), { images: 7 });
  expect(await readQuota(world.workspace.id)).toMatchObject({ quota: 5, free: 0 });
});

test("what is given back is free again, and with a transaction that fails it is not", async () => {
  const { world } = await setup();
  const giveBack = (then: () => void) =>
    transaction(async (tx) => {
      await giveBackImages(tx, world.workspace.id, 7);
      then();
    });
  await expect(
    giveBack(() => {
      throw new Error("late");
    }),
  ).rejects.toThrow("late");
  expect(await usedImages(world)).toBe(7);
  await giveBack(() => {});
  expect(await usedImages(world)).toBe(0);
});
