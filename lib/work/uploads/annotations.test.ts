import { beforeEach, expect, test } from "vitest";
import { listImages } from "@/lib/domain/images";
import { buildMember, buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { applyAnnotationFiles } from "./annotations";
import { uploadImage } from "./images";

let world: World;
let project: { slug: string };
const ref = () => ({ workspaceSlug: world.workspace.slug, projectSlug: project.slug });

let seed = 0;
const upload = async (fileName: string): Promise<string> =>
  (
    await uploadImage(await userContext(world), ref(), [await photo(100, 80, (seed += 1))], {
      fileName,
      split: null,
      label: null,
    })
  ).id;
const apply = async (input: Parameters<typeof applyAnnotationFiles>[2]) =>
  applyAnnotationFiles(await userContext(world), ref(), input);
async function boxesOf(imageId: string) {
  const { images } = await listImages(await userContext(world), ref(), { limit: 100 });
  return images.find(({ id }) => id === imageId)!.boxes;
}
const labelsOf = async (imageId: string) => (await boxesOf(imageId)).map(({ label }) => label);

const NAMES = { name: "data.yaml", text: "names: [hat, head]" };
const yolo = (name: string, number = 0) => ({ name, text: `${number} 0.5 0.5 0.2 0.5\n` });

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world, { type: "OBJECT_DETECTION" });
});

test("files are matched with images by name, and what could not be taken is told", async () => {
  const [cat, dog] = [await upload("cat.jpg"), await upload("dog.jpg")];
  const applied = await apply({
    files: [NAMES, yolo("labels/cat.txt"), yolo("labels/dog.txt", 7), yolo("labels/cow.txt")],
    overwrite: false,
  });
  expect(applied).toMatchObject({ annotated: 2, boxes: 1 });
  expect(applied.problems.map(({ file, code, count }) => [file, code, count])).toEqual([
    ["labels/dog.txt", "unknown_class", 1],
    ["labels/cow.txt", "unknown_image", 1],
  ]);
  expect([await boxesOf(cat), await boxesOf(dog)]).toEqual([
    [{ label: "hat", x: 40, y: 20, width: 20, height: 40 }],
    [],
  ]);
});

test("paths tell images of one name apart, and keep to the images they name", async () => {
  const [train, valid, other] = [await upload("1.jpg"), await upload("1.jpg"), await upload("2.jpg")];
  const files = [NAMES, yolo("train/labels/1.txt", 0), yolo("valid/labels/1.txt", 1), yolo("train/labels/2.txt")];
  expect((await apply({ files, overwrite: false })).problems.map(({ code }) => code)).toContain("ambiguous_image");
  const images = [
    { id: train, name: "train/images/1.jpg" },
    { id: valid, name: "valid/images/1.jpg" },
  ];
  expect(await apply({ files, images, overwrite: true })).toMatchObject({
    annotated: 2,
    problems: [{ code: "unknown_image" }],
  });
  expect([await labelsOf(train), await labelsOf(valid), await labelsOf(other)]).toEqual([["hat"], ["head"], ["hat"]]);
});

test("an image that has boxes keeps them unless they are to be replaced; a crowded one stays as it was", async () => {
  const [cat, crowd] = [await upload("cat.jpg"), await upload("crowd.jpg")];
  await apply({ files: [NAMES, yolo("cat.txt")], overwrite: false });
  const again = await apply({
    files: [NAMES, yolo("cat.txt", 1), { name: "crowd.txt", text: "0 0.5 0.5 0.2 0.5\n".repeat(1001) }],
    overwrite: false,
  });
  expect(again).toEqual({
    annotated: 0,
    boxes: 0,
    problems: [
      { file: "", code: "image_annotated_before", count: 1, details: { image: "cat.jpg" } },
      { file: "", code: "too_many_boxes_on_image", count: 1, details: { image: "crowd.jpg" } },
    ],
  });
  expect([await labelsOf(cat), await labelsOf(crowd)]).toEqual([["hat"], []]);
  await apply({ files: [NAMES, yolo("cat.txt", 1)], overwrite: true });
  expect(await labelsOf(cat)).toEqual(["head"]);
});

test("nobody annotates what is not theirs: another workspace's images by id, a viewer, a classification project", async () => {
  const cat = await upload("cat.jpg");
  const stranger = await buildWorld();
  const theirs = await buildProject(stranger, { type: "OBJECT_DETECTION" });
  const input = { files: [NAMES, yolo("cat.txt")], images: [{ id: cat, name: "cat.jpg" }], overwrite: true };
  const strange = await userContext(stranger);
  expect(
    await applyAnnotationFiles(strange, { workspaceSlug: stranger.workspace.slug, projectSlug: theirs.slug }, input),
  ).toMatchObject({ annotated: 0 });
  await expect(applyAnnotationFiles(strange, ref(), input)).rejects.toMatchObject({ code: "not_found" });
  const viewer = await userContext(world, { user: await buildMember(world, "VIEWER"), role: "VIEWER" });
  await expect(applyAnnotationFiles(viewer, ref(), input)).rejects.toMatchObject({ code: "forbidden" });
  expect(await boxesOf(cat)).toEqual([]);
  project = await buildProject(world);
  await expect(apply(input)).rejects.toMatchObject({ code: "invalid_input", details: { field: "boxes" } });
});
