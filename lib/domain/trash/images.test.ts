import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Context } from "@/lib/domain/context";
import { countImagesOf, getSourceImage, listImages, updateImages } from "@/lib/domain/images";
import { IMAGES_PER_REMOVAL_MAX } from "@/lib/domain/limits";
import {
  getTrashSchedule,
  listTrash,
  readTrash,
  restoreImages,
  restoreItem,
  restoreProject,
  restoreUploadedImage,
  summarizeTrash,
  trashImages,
  trashImagesOfWorkspace,
  trashProject,
  type TrashedImages,
} from "@/lib/domain/trash";
import { createVersion, getPlanningFacts } from "@/lib/domain/versions";
import { getProjectsPage } from "@/lib/domain/projects";
import { getUsageByProject, listAuditEvents } from "@/lib/domain/workspaces";
import { prisma, query } from "@/lib/platform/db";
import { buildImages, buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { checkInvariants } from "@/lib/testing/invariants";
import {
  allToTest,
  DAY_MS,
  keyContext,
  later,
  memberContext,
  outcomeOf,
  projectRef,
  RETENTION_MS,
  trashedProjectRef,
} from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";

let world: World;
let owner: Context;
let project: Awaited<ReturnType<typeof buildProject>>;
let ids: string[];
let slug: string;

beforeAll(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  slug = world.workspace.slug;
});
beforeEach(async () => {
  project = await buildProject(world, { name: "Digits" });
  ids = await buildImages(project, 5);
});

const ref = () => projectRef(world, project);
async function trash(imageIds: readonly string[], ctx = owner, note?: string): Promise<TrashedImages> {
  const result = await trashImages(ctx, { ...ref(), images: { imageIds }, note });
  if (result.outcome !== "trashed") throw new Error(result.outcome);
  return result;
}
const back = (removal: { id: string }, imageIds?: readonly string[], ctx = owner) =>
  restoreImages(ctx, { workspaceSlug: slug, removalId: removal.id, imageIds });
const rows = () => prisma().image.findMany({ where: { projectId: project.id }, orderBy: { id: "asc" } });
const live = async (): Promise<string[]> =>
  (await listImages(owner, ref(), { limit: 100 })).images.map(({ id }) => id).reverse();
const inTrash = async (type?: "IMAGES") =>
  (await listTrash(owner, { workspaceSlug: slug, type })).items.filter((item) => item.projectId === project.id);
const plan = { seed: 1, preprocessing: {}, augmentation: {}, splits: null, plan: allToTest };

test("images go to Trash as one item, with who, when, how long and why, and out of every list, count and plan", async () => {
  const editor = await memberContext(world, "EDITOR");
  const removal = await trash([ids[1]!, ids[3]!, ids[3]!, "no-image"], editor, "blurred");
  expect(removal).toMatchObject({ name: "2 images of Digits", images: 2, more: false, deletedAt: editor.now });
  expect(await inTrash("IMAGES")).toMatchObject([
    {
      ...{ type: "IMAGES", id: removal.id, name: "2 images of Digits", images: 2, projectName: "Digits" },
      ...{ deletedAt: editor.now, purgeAfter: new Date(editor.now.getTime() + RETENTION_MS), deletedNote: "blurred" },
      ...{ deletedByName: "Ada", deletedKeyId: null, blockedBy: null, number: null },
    },
  ]);
  const left = [ids[0]!, ids[2]!, ids[4]!];
  expect(await live()).toEqual(left);
  expect((await listImages(owner, ref(), { limit: 1, label: "1" })).total).toBe(0);
  expect((await countImagesOf([project])).get(project.id)).toMatchObject({
    images: 3,
    classes: { "0": 1, "2": 1, "4": 1 },
  });
  const { projects } = await getProjectsPage(owner, slug);
  const card = projects.find(({ slug: own }) => own === project.slug)!;
  expect([card.images, card.thumbnails.map(({ id }) => id).sort()]).toEqual([3, left]);
  expect((await getPlanningFacts(owner, ref())).images.map(({ id }) => id)).toEqual(left);
  expect(await outcomeOf(getSourceImage(owner, { ...ref(), imageId: ids[1]! }))).toBe("not_found");
  expect(await updateImages(owner, ref(), { images: { imageIds: ids }, split: "VALID" })).toEqual({ updated: 3 });
  const { trash: held } = await getUsageByProject(owner, slug);
  expect(held.bytes).toBe((await summarizeTrash(owner, slug)).bytes);
  const { events } = await listAuditEvents(owner, { workspaceSlug: slug, limit: 10, action: "image.trashed" });
  expect(events).toMatchObject([
    {
      ...{ targetType: "project", targetId: project.id, targetName: "Digits" },
      details: { images: 2, removalId: removal.id, note: "blurred" },
    },
  ]);
  await checkInvariants(world.workspace.id);
});

test("they come back exactly as they were, at their place; repeating does nothing", async () => {
  await prisma().image.update({
    where: { id: ids[2]! },
    data: { boxes: [{ label: "a", x: 1, y: 2, width: 3, height: 4 }], split: "TEST" },
  });
  const before = await rows();
  const removal = await trash([ids[2]!, ids[0]!]);
  expect(await restoreItem(owner, { workspaceSlug: slug, item: { type: "IMAGES", removalId: removal.id } })).toEqual({
    ...{ outcome: "restored", id: removal.id, name: "2 images of Digits", images: 2, left: 0 },
  });
  expect([await rows(), await live(), await inTrash()]).toEqual([before, ids, []]);
  expect(await back(removal)).toMatchObject({ outcome: "already_active", images: 0 });
  expect(await rows()).toEqual(before);
});

test("some of them can come back, and the rest stays with its date; ids of others are passed over", async () => {
  const removal = await trash(ids.slice(0, 3));
  const other = await trash([ids[4]!], later(owner, DAY_MS));
  expect(await back(removal, [ids[0]!, ids[4]!, "none"])).toMatchObject({
    ...{ outcome: "restored", name: "1 image of Digits", images: 1, left: 2 },
  });
  expect(await live()).toEqual([ids[0], ids[3]]);
  expect((await inTrash()).map(({ id, name, deletedAt }) => [id, name, deletedAt])).toEqual([
    [other.id, "1 image of Digits", other.deletedAt],
    [removal.id, "2 images of Digits", removal.deletedAt],
  ]);
  expect(await outcomeOf(back(removal, [ids[0]!]))).toBe("not_in_trash");
  const { trashedBytes } = await prisma().imageRemoval.findUniqueOrThrow({ where: { id: removal.id } });
  expect(trashedBytes).toBe(20n);
  expect(await back(removal, ids)).toMatchObject({ images: 2, left: 0 });
  expect(await live()).toEqual(ids.slice(0, 4));
});

test("what is in Trash is not removed again, what is nobody's is not found", async () => {
  const removal = await trash([ids[0]!]);
  expect(await trashImages(later(owner, 1), { ...ref(), images: { imageIds: [ids[0]!] } })).toEqual({
    outcome: "already_in_trash",
  });
  expect(await inTrash()).toMatchObject([{ id: removal.id, deletedAt: removal.deletedAt }]);
  const [stranger] = await buildImages(await buildProject(world), 1);
  expect(await outcomeOf(trashImages(owner, { ...ref(), images: { imageIds: [stranger!] } }))).toBe("not_found");
  expect(await outcomeOf(trashImages(owner, { ...ref(), images: { filter: { label: "none" } } }))).toBe("not_found");
});

test("all that a filter finds goes, up to the most that one item may hold: then the newest", async () => {
  await query(
    {
      text: `insert into images (id, project_id, file_name, sha256, content_type, size_bytes, width, height, split)
             select 'many-' || lpad(n::text, 6, '0'), $1, 'a', 'many-' || n, 'image/png', 1, 1, 1, 'VALID' from generate_series(0, $2) n`,
    },
    [project.id, IMAGES_PER_REMOVAL_MAX],
  );
  const first = await trashImages(owner, { ...ref(), images: { filter: { split: "VALID" } } });
  expect(first).toMatchObject({ outcome: "trashed", images: IMAGES_PER_REMOVAL_MAX, more: true });
  expect(await live()).toEqual([...ids, "many-000000"]);
  expect(await trashImages(owner, { ...ref(), images: { filter: { split: "VALID" } } })).toMatchObject({
    ...{ images: 1, more: false },
  });
  expect(await back(first as TrashedImages)).toMatchObject({ images: IMAGES_PER_REMOVAL_MAX, left: 0 });
  const tooMany = Array.from({ length: IMAGES_PER_REMOVAL_MAX + 1 }, (_, i) => `${i}`);
  expect(await outcomeOf(trash(tooMany))).toBe("invalid_input");
  await query({ text: "delete from images where id like 'many-%' and removal_id is null" }, []);
});

test("images of several projects of a workspace go as one item each, and of no other workspace", async () => {
  const other = await buildProject(world, { name: "Faces" });
  const [face] = await buildImages(other, 1);
  const [foreign] = await buildImages(await buildProject(await buildWorld()), 1);
  const gone = await buildProject(world);
  const [hidden] = await buildImages(gone, 1);
  await trashProject(owner, projectRef(world, gone));
  const imageIds = [ids[0]!, ids[1]!, ids[1]!, face!, foreign!, hidden!, "none"];
  const { removals, skipped } = await trashImagesOfWorkspace(owner, { workspaceSlug: slug, imageIds });
  expect(removals.map(({ name }) => name).sort()).toEqual(["1 image of Faces", "2 images of Digits"]);
  expect(skipped).toBe(3);
  expect(await prisma().image.count({ where: { id: { in: [foreign!, hidden!] }, removalId: null } })).toBe(2);
});

test("their project takes them along and leaves them in Trash with their own date, as a version that was trashed before it", async () => {
  const removal = await trash([ids[0]!]);
  await trashProject(later(owner, DAY_MS), ref());
  expect((await inTrash()).map(({ type, blockedBy }) => [type, blockedBy])).toEqual([
    ["PROJECT", null],
    ["IMAGES", "PROJECT"],
  ]);
  expect(await outcomeOf(back(removal))).toBe("parent_in_trash");
  expect(await outcomeOf(trash([ids[1]!]))).toBe("in_trash");
  const { images, trashedBytes } = await prisma().project.findUniqueOrThrow({
    where: { id: project.id },
    include: { images: true },
  });
  expect([images.length, trashedBytes]).toEqual([5, 50n]);
  await restoreProject(owner, trashedProjectRef(world, project));
  expect(await inTrash()).toMatchObject([{ id: removal.id, deletedAt: removal.deletedAt, blockedBy: null }]);
  expect(await live()).toEqual(ids.slice(1));
});

test("whoever uploads the bytes of one gives it back, in one event for all of a batch", async () => {
  const removal = await trash(ids.slice(0, 2));
  const uploader = await keyContext(world, { scopes: ["image:upload"] });
  const upload = (imageId: string) => restoreUploadedImage(uploader, { ...ref(), imageId });
  expect([await upload(ids[0]!), await upload(ids[0]!), await upload(ids[4]!), await upload("none")]).toEqual([
    ...["restored", "live", "live", "purged"],
  ]);
  expect((await inTrash())[0]).toMatchObject({ id: removal.id, images: 1 });
  expect([await upload(ids[1]!), await inTrash()]).toEqual(["restored", []]);
  const { events } = await listAuditEvents(owner, { workspaceSlug: slug, limit: 1, action: "image.restored" });
  expect(events).toMatchObject([{ details: { images: 2 }, targetId: project.id }]);
});

test("viewers and keys without the scope may neither remove nor restore; strangers find nothing", async () => {
  const removal = await trash([ids[0]!]);
  const stranger = await userContext(await buildWorld());
  const key = await keyContext(world, { scopes: ["image:upload", "version:update", "project:update"] });
  const scoped = await keyContext(world, { scopes: ["image:delete"] });
  for (const [ctx, code] of [
    [await memberContext(world, "VIEWER"), "forbidden"],
    [key, "missing_scope"],
    [stranger, "not_found"],
  ] as const) {
    expect(await outcomeOf(trash([ids[1]!], ctx))).toBe(code);
    expect(await outcomeOf(back(removal, undefined, ctx))).toBe(code);
  }
  const foreign = await buildWorld();
  const elsewhere = { workspaceSlug: foreign.workspace.slug, removalId: removal.id };
  expect(await outcomeOf(restoreImages(await userContext(foreign), elsewhere))).toBe("not_found");
  expect((await trash([ids[1]!], scoped)).images).toBe(1);
  expect((await inTrash())[0]).toMatchObject({ deletedKeyName: "test" });
});

test("the page of Trash and the schedule count them as a type of their own", async () => {
  const removal = await trash([ids[0]!], owner);
  const { sections, choices } = await readTrash(owner, {
    ...{ workspaceSlug: slug, cursors: {}, search: "of digits", projectSlug: project.slug, order: "largest" },
  });
  expect(sections.map(({ type, items }) => [type, items.map(({ id }) => id)])).toEqual([
    ["PROJECT", []],
    ["VERSION", []],
    ["TRAINING", []],
    ["IMAGES", [removal.id]],
  ]);
  expect(sections[3]!.items[0]!.loss).toEqual({
    ...{ images: 0, files: 1, bytes: 10, versions: 0, trainings: 0, models: 0, sourceImages: 1 },
  });
  expect(choices.deleters.map(({ id }) => id)).toContain(world.owner.id);
  const { coming } = await getTrashSchedule(later(owner, RETENTION_MS), { workspaceSlug: slug });
  expect(coming.imageItems).toBeGreaterThan(0);
  expect(coming.items).toBeGreaterThanOrEqual(coming.imageItems);
});

describe("at the same moment", () => {
  const held = (image: string) => ["images", { id: image }] as const;

  test("two removals of overlapping images: each image is in one item, counted once", async () => {
    const [first, second] = await raceAt(held(ids[2]!), [
      () => trash([ids[0]!, ids[1]!, ids[2]!]),
      () => trash([ids[1]!, ids[2]!, ids[3]!]),
    ]);
    expect([first.images + second.images, await live()]).toEqual([4, [ids[4]]]);
    await checkInvariants(world.workspace.id);
  });

  test("a version that is planned first has them, one that is planned after has not", async () => {
    const create = () => createVersion(owner, { ...ref(), ...plan });
    const at = ["projects", { id: project.id }] as const;
    const [before] = await raceAt(at, [create, () => trash([ids[0]!])]);
    expect(before.images).toBe(5);
    const [, after] = await raceAt(at, [() => trash([ids[1]!]), create]);
    expect(after.images).toBe(3);
    await query({ text: "delete from generation_sources" }, []);
  });

  test("the project goes to Trash first: nothing is removed; after: it takes the item along", async () => {
    const at = ["projects", { id: project.id }] as const;
    const trashed = () => outcomeOf(trashProject(owner, ref()));
    expect(await raceAt(at, [trashed, () => outcomeOf(trash([ids[0]!]))])).toEqual(["trashed", "in_trash"]);
    await restoreProject(owner, trashedProjectRef(world, project));
    expect(await raceAt(at, [() => outcomeOf(trash([ids[0]!])), trashed])).toEqual(["trashed", "trashed"]);
    await checkInvariants(world.workspace.id);
  });

  test("a restore of all, of some, and an upload of one: each image comes back once", async () => {
    const removal = await trash(ids);
    const outcomes = await raceAt(
      ["image_removals", removal],
      [
        () => back(removal, [ids[0]!]),
        () => restoreUploadedImage(owner, { ...ref(), imageId: ids[0]! }),
        () => back(removal),
        () => restoreUploadedImage(owner, { ...ref(), imageId: ids[1]! }),
      ],
    );
    expect(outcomes).toMatchObject([{ images: 1 }, "live", { images: 4, left: 0 }, "live"]);
    expect([await live(), await inTrash()]).toEqual([ids, []]);
    await checkInvariants(world.workspace.id);
  });

  test("a label that waits for a removal is not written on what is in Trash", async () => {
    const [, labelled] = await raceAt(held(ids[0]!), [
      () => trash([ids[0]!]),
      () => updateImages(owner, ref(), { images: { imageIds: [ids[0]!, ids[1]!] }, split: "TEST" }),
    ]);
    expect(labelled).toEqual({ updated: 1 });
    expect((await rows()).map(({ split }) => split)).toEqual(["TRAIN", "TEST", "TRAIN", "TRAIN", "TRAIN"]);
  });
});
