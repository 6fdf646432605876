import { beforeEach, expect, test } from "vitest";
import { versionPrefix } from "@/lib/domain/grants";
import { trashVersion } from "@/lib/domain/trash";
import { GrantLost, openWriter } from "@/lib/domain/writer";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { versionRef } from "@/lib/testing/lifecycle";
import { keysUnder, testStore } from "@/lib/testing/store-file";
import { keepThumbnail, takeThumbnailsGrant, thumbnailPath } from "./thumbnails";

const LEASE_MS = 60_000;
let world: World;
let project: { id: string; slug: string };
let version: { id: string; number: number };

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await buildVersion(world, project);
});

const open = async () => openWriter(await takeThumbnailsGrant(version.id, LEASE_MS), { leaseMs: LEASE_MS });
const counted = () =>
  prisma().version.findUniqueOrThrow({
    where: { id: version.id },
    select: { thumbnailFiles: true, thumbnailBytes: true },
  });
const trash = async () => trashVersion(await userContext(world), versionRef(world, project, version));
const keys = () => keysUnder(testStore(), versionPrefix(version.id));

test("what is kept is counted once, however many processes make it, and as large as it was made last", async () => {
  const [one, other] = [await open(), await open()];
  const keep = async (writer: typeof one, sha256: string, bytes: number) => {
    const { sizeBytes } = await writer.put(thumbnailPath(sha256), Buffer.alloc(bytes, 1));
    await keepThumbnail(version.id, writer.grant.id, { sha256, sizeBytes });
  };
  await Promise.all([keep(one, "a", 10), keep(other, "a", 10), keep(one, "b", 5)]);
  expect(await counted()).toEqual({ thumbnailFiles: 2, thumbnailBytes: 15n });
  await keep(other, "a", 7);
  expect(await counted()).toEqual({ thumbnailFiles: 2, thumbnailBytes: 12n });
  await Promise.all([one.close(), other.close()]);
});

test("one that is published while its version goes to Trash is nobody's, and is taken away; one that counts stays", async () => {
  const writer = await open();
  for (const [sha256, kept] of [
    ["before", true],
    ["late", false],
  ] as const) {
    await writer.put(thumbnailPath(sha256), Buffer.from("x"));
    if (kept) await keepThumbnail(version.id, writer.grant.id, { sha256, sizeBytes: 1 });
  }
  await trash();
  for (const sha256 of ["before", "late"])
    await expect(keepThumbnail(version.id, writer.grant.id, { sha256, sizeBytes: 1 })).rejects.toThrow(GrantLost);
  await writer.close();
  expect(await keys()).toEqual([`${versionPrefix(version.id)}thumbs/before.webp`]);
  expect(await counted()).toEqual({ thumbnailFiles: 1, thumbnailBytes: 1n });
});

test("nothing is counted under a grant that was swept", async () => {
  const writer = await open();
  await prisma().grant.update({ where: { id: writer.grant.id }, data: { endedAt: new Date() } });
  await expect(keepThumbnail(version.id, writer.grant.id, { sha256: "a", sizeBytes: 1 })).rejects.toThrow(GrantLost);
  expect(await counted()).toEqual({ thumbnailFiles: 0, thumbnailBytes: 0n });
});
