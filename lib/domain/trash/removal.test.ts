import { beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import type { Context } from "@/lib/domain/context";
import { buildImages, buildMember, buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { restoreImages, trashImages } from "./images";
import { trashProject } from "./project";
import { getTrashedImage, readRemoval, REMOVED_PER_PAGE } from "./removal";

let world: World;
let owner: Context;
let project: Awaited<ReturnType<typeof buildProject>>;
const slug = () => world.workspace.slug;
const ref = () => ({ workspaceSlug: slug(), projectSlug: project.slug });

beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  project = await buildProject(world, { name: "Digits" });
});

async function remove(count: number, note?: string) {
  const ids = await buildImages(project, count);
  const removal = await trashImages(owner, { ...ref(), images: { imageIds: ids }, note });
  if (removal.outcome !== "trashed") throw new Error(removal.outcome);
  return { ids, removalId: removal.id };
}
const read = (removalId: string, ctx = owner, before?: string) =>
  readRemoval(ctx, { workspaceSlug: slug(), removalId, before });

test("an item of images shows what it holds, the newest first, page by page, and what is left of it", async () => {
  const { ids, removalId } = await remove(REMOVED_PER_PAGE + 2, "blurred");
  const newest = ids.toReversed();
  const first = (await read(removalId))!;
  expect(first).toMatchObject({
    projectName: "Digits",
    images: REMOVED_PER_PAGE + 2,
    deletedNote: "blurred",
    timeLeft: { unit: "days", value: 30 },
    blocked: false,
    mayRestore: true,
  });
  expect(first.shown.map(({ id }) => id)).toEqual(newest.slice(0, REMOVED_PER_PAGE));
  const second = (await read(removalId, owner, first.next!))!;
  expect([second.shown.map(({ id }) => id), second.next]).toEqual([newest.slice(REMOVED_PER_PAGE), null]);

  await restoreImages(owner, { workspaceSlug: slug(), removalId, imageIds: newest.slice(1) });
  expect(await read(removalId)).toMatchObject({ images: 1, shown: [{ id: newest[0] }], next: null });
  await restoreImages(owner, { workspaceSlug: slug(), removalId });
  expect(await read(removalId)).toBeNull();
});

test("viewers see it and may restore nothing; strangers see nothing; its project in Trash stands before it", async () => {
  const { ids, removalId } = await remove(1);
  const viewer = await userContext(world, { user: await buildMember(world, "VIEWER"), role: "VIEWER" });
  expect(await read(removalId, viewer)).toMatchObject({ images: 1, mayRestore: false });
  const stranger = await buildWorld();
  const strange = await userContext(stranger);
  const theirs = stranger.workspace.slug;
  await expect(read(removalId, strange)).rejects.toMatchObject({ code: "not_found" });
  await expect(readRemoval(strange, { workspaceSlug: theirs, removalId })).rejects.toMatchObject({ code: "not_found" });
  await expect(getTrashedImage(strange, { workspaceSlug: theirs, removalId, imageId: ids[0]! })).rejects.toMatchObject({
    code: "not_found",
  });
  await trashProject(owner, ref());
  expect(await read(removalId)).toMatchObject({ blocked: true });
});

test("an image of Trash is found by its item alone, and no more once it is back", async () => {
  const { ids, removalId } = await remove(2);
  const [other] = await buildImages(project, 1);
  const find = (imageId: string) => getTrashedImage(owner, { workspaceSlug: slug(), removalId, imageId });
  const row = await prisma().image.findUniqueOrThrow({ where: { id: ids[0]! } });
  expect(await find(ids[0]!)).toMatchObject({ sha256: row.sha256, thumbnailKey: expect.stringContaining(ids[0]!) });
  await expect(find(other!)).rejects.toMatchObject({ code: "not_found" });
  await restoreImages(owner, { workspaceSlug: slug(), removalId, imageIds: [ids[0]!] });
  await expect(find(ids[0]!)).rejects.toMatchObject({ code: "not_found" });
});
