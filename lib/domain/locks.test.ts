import { expect, test } from "vitest";
import { lockLiveProject, lockLiveVersion, projectLockIn, takeLocks } from "@/lib/domain/locks";
import { trashProject, trashVersion } from "@/lib/domain/trash";
import { prisma, transaction } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { projectRef, versionRef } from "@/lib/testing/lifecycle";
import { raceAt, whileHeld } from "@/lib/testing/race";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";

leavesBroken("it changes the sum without versions");

async function setup() {
  const world = await buildWorld();
  const project = await buildProject(world);
  const version = await buildVersion(world, project);
  return { world, project, version, owner: await userContext(world) };
}

const looks = (version: { id: string }, mode: "write" | "share") => () =>
  transaction((tx) => lockLiveVersion(tx, version.id, mode));

test.each(["write", "share"] as const)(
  "a lock (%s) that waits while its version goes to Trash finds it there",
  async (mode) => {
    const { world, project, version, owner } = await setup();
    const trash = () => trashVersion(owner, versionRef(world, project, version));
    const [, live] = await raceAt(["versions", version], [trash, looks(version, mode)]);
    expect(live).toBe(false);
  },
);

test("a lock that waits while its version's project goes to Trash finds it there", async () => {
  const { world, project, version, owner } = await setup();
  const trash = () => trashProject(owner, projectRef(world, project));
  const [, live] = await raceAt(["projects", project], [trash, looks(version, "share")]);
  expect(live).toBe(false);
});

test.each([
  [
    "version",
    (scene: Awaited<ReturnType<typeof setup>>) =>
      trashVersion(scene.owner, versionRef(scene.world, scene.project, scene.version)),
  ],
  [
    "project",
    (scene: Awaited<ReturnType<typeof setup>>) => trashProject(scene.owner, projectRef(scene.world, scene.project)),
  ],
] as const)("while a live version is locked its %s does not go to Trash", async (_what, trash) => {
  const scene = await setup();
  const second = await connectSecond();
  let trashing: Promise<unknown> | undefined;
  const stillLive = await transaction(async (tx) => {
    expect(await lockLiveVersion(tx, scene.version.id, "share")).toBe(true);
    trashing = trash(scene);
    trashing.catch(() => {}); // awaited below
    await second.untilWaiting(1);
    return tx.version.count({ where: { id: scene.version.id, deletedAt: null, project: { deletedAt: null } } });
  });
  expect([stillLive, await trashing]).toEqual([1, expect.objectContaining({ outcome: "trashed" })]);
  await second.end();
});

test("shared locks do not wait for each other", async () => {
  const { project, version } = await setup();
  await transaction(async (tx) => {
    await lockLiveVersion(tx, version.id, "share");
    expect(await looks(version, "share")()).toBe(true);
    expect(await transaction((other) => lockLiveProject(other, project.id, "share"))).toBe(true);
  });
});

test("what is gone, or never was, is not live", async () => {
  const { project, version } = await setup();
  await prisma().version.delete({ where: { id: version.id } });
  expect(await looks(version, "write")()).toBe(false);
  await prisma().project.delete({ where: { id: project.id } });
  expect(await transaction((tx) => lockLiveProject(tx, project.id, "share"))).toBe(false);
});

test("a project that a caller names is locked in the caller's own workspace only", async () => {
  const { world, project } = await setup();
  const elsewhere = await buildWorld();
  const lock = (workspaceId: string) =>
    transaction((tx) => takeLocks(tx, projectLockIn(workspaceId, project.id, "write")));
  await whileHeld(["projects", project], () => lock(elsewhere.workspace.id)); // waits for nobody
  await raceAt(["projects", project], [() => lock(world.workspace.id)]); // waits
});
