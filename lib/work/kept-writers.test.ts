import { expect, test } from "vitest";
import { takeThumbnailsGrant } from "@/lib/domain/versions";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld } from "@/lib/testing/builders";
import { createKeptWriters } from "./kept-writers";

const grantsOf = (version: { id: string }) => prisma().grant.findMany({ where: { versionId: version.id } });

test("many uses share one grant, which is given up a while after the last", async () => {
  const version = await buildVersion(await buildWorld(), await buildProject(await buildWorld()));
  const writers = createKeptWriters({ leaseMs: 600 });
  const use = (name: string) =>
    writers.use(
      version.id,
      () => takeThumbnailsGrant(version.id, 600),
      (writer) => writer.put(`thumbs/${name}`, Buffer.from("x")),
    );
  await Promise.all(["a", "b", "c"].map(use));
  await use("d");
  expect(await grantsOf(version)).toHaveLength(1);
  await expect.poll(() => grantsOf(version), { timeout: 3_000 }).toEqual([]);
  await use("e"); // with another
  expect(await grantsOf(version)).toHaveLength(1);
  await expect.poll(() => grantsOf(version), { timeout: 3_000 }).toEqual([]);
});

test("after a failure the next use has another grant, and nothing of the first stays", async () => {
  const world = await buildWorld();
  const version = await buildVersion(world, await buildProject(world));
  const writers = createKeptWriters({ leaseMs: 60_000 });
  const take = () => takeThumbnailsGrant(version.id, 60_000);
  const first = await writers.use(version.id, take, async (writer) => writer.grant.id);
  await expect(writers.use(version.id, take, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  const second = await writers.use(version.id, take, async (writer) => writer.grant.id);
  expect(second).not.toBe(first);
  await expect.poll(async () => (await grantsOf(version)).map(({ id }) => id), { timeout: 3_000 }).toEqual([second]);
});
