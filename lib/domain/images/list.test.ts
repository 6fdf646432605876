import { beforeEach, describe, expect, it } from "vitest";
import { query } from "@/lib/platform/db";
import type { ProjectType, Split } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { buildMember, buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import type { ImageBox } from "./boxes";
import { countImagesOf, listImages } from "./list";
import type { ImageFilter, ImageRange } from "./search";
import { updateImages } from "./label";
import { getProject } from "@/lib/domain/projects";
import { trashProject } from "@/lib/domain/trash";

let world: World;
let project: { id: string; slug: string; type: ProjectType };
const ref = () => ({ workspaceSlug: world.workspace.slug, projectSlug: project.slug });

async function begin(type: ProjectType): Promise<void> {
  world = await buildWorld();
  project = await buildProject(world, { type });
}

/** An image's row alone; newer than those before. */
async function addRow(
  { split = "TRAIN", label = null, boxes = [] }: { split?: Split; label?: string | null; boxes?: ImageBox[] } = {},
  owner = project,
): Promise<string> {
  const id = newId();
  await query(
    {
      text: `insert into images (id, project_id, file_name, sha256, content_type, size_bytes, width, height, split, label, boxes) values ($1, $2, $1, $1, 'image/png', 1, 100, 80, $3::"Split", $4, $5)`,
    },
    [id, owner.id, split, label, JSON.stringify(boxes)],
  );
  return id;
}

const box = (label: string): ImageBox => ({ label, x: 1, y: 2, width: 3, height: 4 });
const list = async (input: ImageFilter & ImageRange) => {
  const { images, total } = await listImages(await userContext(world), ref(), input);
  return { ids: images.map(({ id }) => id), total };
};
const idsOf = async (filter: ImageFilter = {}) => (await list({ ...filter, limit: 100 })).ids;
const counts = async () => (await countImagesOf([project])).get(project.id);

describe("in a classification project", () => {
  beforeEach(() => begin("CLASSIFICATION"));

  it("a list is newest first, and any range of it is had by its place", async () => {
    const added: string[] = [];
    for (let i = 0; i < 5; i += 1) added.unshift(await addRow());
    expect(await list({ limit: 2 })).toEqual({ ids: added.slice(0, 2), total: 5 });
    expect(await list({ limit: 2, offset: 3 })).toEqual({ ids: added.slice(3), total: 5 });
    expect(await list({ limit: 2, offset: 5 })).toEqual({ ids: [], total: 5 });
  });

  it("what is counted from an image is not moved by images that are added, or that leave the filter above it", async () => {
    const added: string[] = [];
    for (let i = 0; i < 5; i += 1) added.unshift(await addRow());
    const cursor = added[1]!;
    await addRow();
    await updateImages(await userContext(world), ref(), { images: { imageIds: added.slice(0, 2) }, split: "TEST" });
    expect(await list({ split: "TRAIN", limit: 2, cursor })).toEqual({ ids: added.slice(2, 4), total: null });
    expect(await list({ split: "TRAIN", limit: 2, cursor, offset: 2 })).toEqual({ ids: added.slice(4), total: null });
  });

  it("filters find what they name, alone and together", async () => {
    const cat = await addRow({ label: "cat" });
    const validCat = await addRow({ label: "cat", split: "VALID" });
    const none = await addRow({ split: "VALID" });
    expect(await idsOf()).toEqual([none, validCat, cat]);
    expect(await idsOf({ split: "VALID" })).toEqual([none, validCat]);
    expect(await idsOf({ label: "cat" })).toEqual([validCat, cat]);
    expect(await list({ label: "cat", split: "VALID", limit: 100 })).toEqual({ ids: [validCat], total: 1 });
    expect(await idsOf({ unannotated: true })).toEqual([none]);
    expect(await idsOf({ label: "' or true --" })).toEqual([]);
  });

  it("counts are images per split and class, the same in the list and in the project", async () => {
    for (const row of [
      { label: "cat" },
      { label: "cat", split: "VALID" as const },
      { label: "__proto__", split: "TEST" as const },
      {},
    ])
      await addRow(row);
    const counted = await counts();
    expect(counted).toEqual({
      images: 4,
      unannotated: 1,
      splits: { TRAIN: 2, VALID: 1, TEST: 1 },
      classes: Object.fromEntries([
        ["cat", 2],
        ["__proto__", 1],
      ]),
    });
    const { project: view } = await getProject(await userContext(world), ref());
    expect(view).toMatchObject({ images: 4, unlabelledImages: 1, splits: counted?.splits, classes: counted?.classes });
  });
});

describe("in an object detection project", () => {
  beforeEach(() => begin("OBJECT_DETECTION"));

  it("classes are those of boxes, and an image without a box is not annotated", async () => {
    const both = await addRow({ boxes: [box("hat"), box("hat"), box("head")] });
    const one = await addRow({ boxes: [box("head")], split: "TEST" });
    const none = await addRow();
    expect(await counts()).toEqual({
      images: 3,
      unannotated: 1,
      splits: { TRAIN: 2, VALID: 0, TEST: 1 },
      classes: { hat: 2, head: 2 },
    });
    expect(await idsOf({ label: "head" })).toEqual([one, both]);
    expect(await idsOf({ label: "hat" })).toEqual([both]);
    expect(await idsOf({ unannotated: true })).toEqual([none]);
    const { project: view } = await getProject(await userContext(world), ref());
    expect(view).toMatchObject({ classes: { hat: 2, head: 2 }, unlabelledImages: 1 });
  });
});

describe("who may", () => {
  beforeEach(() => begin("CLASSIFICATION"));

  it("viewers look and change nothing, strangers find nothing, and nothing of a project in Trash is had", async () => {
    const id = await addRow();
    const viewer = await userContext(world, { user: await buildMember(world, "VIEWER"), role: "VIEWER" });
    const stranger = await userContext(await buildWorld());
    const change = { images: { imageIds: [id] }, split: "TEST" as const };
    expect((await listImages(viewer, ref(), { limit: 1 })).images).toHaveLength(1);
    await expect(updateImages(viewer, ref(), change)).rejects.toMatchObject({ code: "forbidden" });
    for (const act of [() => listImages(stranger, ref(), { limit: 1 }), () => updateImages(stranger, ref(), change)])
      await expect(act()).rejects.toMatchObject({ code: "not_found" });
    const ctx = await userContext(world);
    await trashProject(ctx, ref());
    for (const act of [() => listImages(ctx, ref(), { limit: 1 }), () => updateImages(ctx, ref(), change)])
      await expect(act()).rejects.toMatchObject({ code: "in_trash" });
  });
});
