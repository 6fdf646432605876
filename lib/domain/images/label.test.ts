import { beforeEach, describe, expect, it } from "vitest";
import { query } from "@/lib/platform/db";
import type { ProjectType } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import type { ImageBox } from "./boxes";
import { countImagesOf, listImages } from "./list";
import type { ImageFilter } from "./search";
import { annotateImages, labelImage, updateImages } from "./label";

let world: World;
let project: { id: string; slug: string; type: ProjectType };
const ref = () => ({ workspaceSlug: world.workspace.slug, projectSlug: project.slug });

async function begin(type: ProjectType): Promise<void> {
  world = await buildWorld();
  project = await buildProject(world, { type });
}

/** An image's row alone; newer than those before. */
async function addRow(
  { label = null, boxes = [] }: { label?: string | null; boxes?: ImageBox[] } = {},
  owner = project,
): Promise<string> {
  const id = newId();
  await query(
    {
      text: `insert into images (id, project_id, file_name, sha256, content_type, size_bytes, width, height, split, label, boxes) values ($1, $2, $1, $1, 'image/png', 1, 100, 80, 'TRAIN', $3, $4)`,
    },
    [id, owner.id, label, JSON.stringify(boxes)],
  );
  return id;
}

/** An image of the project as it is listed; undefined where the project has no such image. */
const find = async (imageId: string) =>
  (await listImages(await userContext(world), ref(), { limit: 100 })).images.find(({ id }) => id === imageId);
const box = (label: string): ImageBox => ({ label, x: 1, y: 2, width: 3, height: 4 });
const idsOf = async (filter: ImageFilter) =>
  (await listImages(await userContext(world), ref(), { ...filter, limit: 100 })).images.map(({ id }) => id);
const counts = async () => (await countImagesOf([project])).get(project.id);

describe("in a classification project", () => {
  beforeEach(() => begin("CLASSIFICATION"));

  it("classes and splits are changed by id or by filter, of this project's images only", async () => {
    const [first, second] = [await addRow({ label: "cat" }), await addRow()];
    const elsewhere = await addRow({}, await buildProject(world));
    const ctx = await userContext(world);
    expect(
      await updateImages(ctx, ref(), {
        images: { imageIds: [first, elsewhere, "none"] },
        label: " dog ",
        split: "TEST",
      }),
    ).toEqual({ updated: 1 });
    expect(await find(first)).toMatchObject({ label: "dog", split: "TEST" });
    expect(await updateImages(ctx, ref(), { images: { filter: { unannotated: true } }, label: "cat" })).toEqual({
      updated: 1,
    });
    expect(await find(second)).toMatchObject({ label: "cat", split: "TRAIN" });
    expect(await updateImages(ctx, ref(), { images: { filter: {} }, label: null })).toEqual({ updated: 2 });
    expect(await idsOf({ unannotated: true })).toEqual([second, first]);
    expect(await find(elsewhere)).toBeUndefined();
  });

  it("a change of nothing, of too many, or to no class name is refused", async () => {
    const ctx = await userContext(world);
    const id = await addRow();
    await expect(updateImages(ctx, ref(), { images: { imageIds: [id] } })).rejects.toMatchObject({
      code: "invalid_input",
    });
    await expect(
      updateImages(ctx, ref(), { images: { imageIds: Array.from({ length: 1001 }, () => id) }, split: "TEST" }),
    ).rejects.toMatchObject({ code: "invalid_input" });
    await expect(updateImages(ctx, ref(), { images: { imageIds: [id] }, label: "a\0" })).rejects.toMatchObject({
      code: "invalid_input",
      details: { field: "label" },
    });
    await expect(annotateImages(ctx, ref(), { annotations: [], overwrite: true })).rejects.toMatchObject({
      code: "invalid_input",
      details: { field: "boxes" },
    });
  });

  it("one image gets its class unless it has one", async () => {
    const ctx = await userContext(world);
    const imageId = await addRow();
    expect(await labelImage(ctx, { ...ref(), imageId }, { label: "cat", overwrite: false })).toBe(true);
    expect(await labelImage(ctx, { ...ref(), imageId }, { label: "dog", overwrite: false })).toBe(false);
    expect(await labelImage(ctx, { ...ref(), imageId }, { label: "dog", overwrite: true })).toBe(true);
    expect((await find(imageId))?.label).toBe("dog");
    await expect(
      labelImage(ctx, { ...ref(), imageId: "none" }, { label: "dog", overwrite: true }),
    ).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("in an object detection project", () => {
  beforeEach(() => begin("OBJECT_DETECTION"));

  it("boxes are cut to the image, and those without an area in it are left out", async () => {
    const imageId = await addRow();
    const outside = { label: "c", x: 200, y: 0, width: 10, height: 10 };
    const odd = [
      { label: "d", x: NaN, y: 0, width: 10, height: 10 },
      { label: "e", x: 0, y: 0, width: -5, height: 5 },
    ];
    await annotateImages(await userContext(world), ref(), {
      annotations: [{ imageId, boxes: [{ label: " a ", x: -5, y: 70, width: 20, height: 40 }, outside, ...odd] }],
      overwrite: false,
    });
    expect((await find(imageId))?.boxes).toEqual([{ label: "a", x: 0, y: 70, width: 15, height: 10 }]);
  });

  it("each image's outcome has a name, and none keeps the others", async () => {
    const [fresh, before, crowded] = [await addRow(), await addRow({ boxes: [box("old")] }), await addRow()];
    const elsewhere = await addRow({}, await buildProject(world, { type: "OBJECT_DETECTION" }));
    const annotations = [
      { imageId: fresh, boxes: [box("new")] },
      { imageId: before, boxes: [box("new")] },
      { imageId: crowded, boxes: Array.from({ length: 1001 }, () => box("x")) },
      { imageId: elsewhere, boxes: [box("new")] },
    ];
    const ctx = await userContext(world);
    expect(await annotateImages(ctx, ref(), { annotations, overwrite: false })).toEqual({
      annotated: [fresh],
      alreadyAnnotated: [before],
      tooManyBoxes: [crowded],
      missing: [elsewhere],
    });
    expect(await annotateImages(ctx, ref(), { annotations: annotations.slice(1, 2), overwrite: true })).toMatchObject({
      annotated: [before],
      alreadyAnnotated: [],
    });
    expect(await counts()).toMatchObject({ classes: { new: 2 } });
  });

  it("images have no class of their own", async () => {
    const ctx = await userContext(world);
    const id = await addRow();
    await expect(updateImages(ctx, ref(), { images: { imageIds: [id] }, label: "cat" })).rejects.toMatchObject({
      code: "invalid_input",
      details: { field: "labels" },
    });
    await expect(labelImage(ctx, { ...ref(), imageId: id }, { label: "cat", overwrite: true })).rejects.toMatchObject({
      code: "invalid_input",
    });
  });
});

describe("the log", () => {
  const eventsOf = () =>
    query<{ action: string; details: Record<string, unknown> }>(
      { text: `select action, details - 'until' as details from audit_events where workspace_id = $1 order by id` },
      [world.workspace.id],
    );

  it("has one event for a batch of classes and one for a batch of splits, and none where nothing was changed", async () => {
    await begin("CLASSIFICATION");
    const ctx = await userContext(world);
    const ids = [await addRow(), await addRow(), await addRow()];
    for (const id of ids) await updateImages(ctx, ref(), { images: { imageIds: [id] }, label: "cat" });
    await updateImages(ctx, ref(), { images: { imageIds: ids }, label: "dog", split: "TEST" });
    await updateImages(ctx, ref(), { images: { imageIds: ["none"] }, label: "cat" });
    await labelImage(ctx, { ...ref(), imageId: ids[0]! }, { label: "cat", overwrite: true });
    await labelImage(ctx, { ...ref(), imageId: ids[0]! }, { label: "dog", overwrite: false });
    expect(await eventsOf()).toEqual([
      { action: "image.labelled", details: { images: 7 } },
      { action: "image.split_changed", details: { images: 3 } },
    ]);
  });

  it("has one event for a batch of boxes, with how many there are on how many images", async () => {
    await begin("OBJECT_DETECTION");
    const ctx = await userContext(world);
    const [first, second] = [await addRow(), await addRow()];
    const annotate = (imageId: string, boxes: ImageBox[], overwrite: boolean) =>
      annotateImages(ctx, ref(), { annotations: [{ imageId, boxes }], overwrite });
    await annotate(first, [box("hat"), box("head")], false);
    await annotate(second, [box("hat")], false);
    await annotate(second, [box("hat"), box("hat")], false); // is annotated, and stays as it is
    await annotate("none", [box("hat")], true);
    expect(await eventsOf()).toEqual([{ action: "image.annotated", details: { images: 2, boxes: 3 } }]);
  });
});
