import { beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import type { Prisma } from "@/lib/platform/generated/client";
import { buildMember, buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { projectRef } from "@/lib/testing/lifecycle";
import { getImagesPage } from "./page";

let world: World;

beforeEach(async () => {
  world = await buildWorld();
});

async function addRows(
  projectId: string,
  rows: Pick<Prisma.ImageCreateManyInput, "split" | "label" | "boxes">[],
): Promise<void> {
  await prisma().image.createMany({
    data: rows.map((row, index) => ({
      ...row,
      projectId,
      fileName: `${index}.png`,
      sha256: String(index),
      contentType: "image/png",
      sizeBytes: 1,
      width: 10,
      height: 10,
    })),
  });
}

test("the page counts images by split and class, classes in the order that people count in, and those without", async () => {
  const project = await buildProject(world);
  await addRows(project.id, [
    { split: "TRAIN", label: "10" },
    { split: "TRAIN", label: "9" },
    { split: "VALID", label: "9" },
    { split: "TEST", label: null },
  ]);
  expect(await getImagesPage(await userContext(world), projectRef(world, project))).toMatchObject({
    images: 4,
    unlabelled: 1,
    splits: { train: 2, valid: 1, test: 1 },
    classes: [
      { name: "9", count: 2 },
      { name: "10", count: 1 },
    ],
  });
});

test("where boxes are drawn, an image without one is unlabelled, and classes count boxes", async () => {
  const project = await buildProject(world, { type: "OBJECT_DETECTION" });
  const box = { label: "hat", x: 1, y: 1, width: 2, height: 2 };
  await addRows(project.id, [
    { split: "TRAIN", label: null, boxes: [box, box] },
    { split: "TRAIN", label: null },
  ]);
  expect(await getImagesPage(await userContext(world), projectRef(world, project))).toMatchObject({
    images: 2,
    unlabelled: 1,
    classes: [{ name: "hat", count: 2 }],
  });
});

test("editors may upload and remove, viewers may not, and to others the project is not there", async () => {
  const project = await buildProject(world);
  for (const [role, uploadImages] of [
    ["OWNER", true],
    ["EDITOR", true],
    ["VIEWER", false],
  ] as const) {
    const user = await buildMember(world, role);
    expect(
      (await getImagesPage(await userContext(world, { user, role }), projectRef(world, project))).may,
      role,
    ).toEqual({ uploadImages, removeImages: uploadImages });
  }
  const other = await buildWorld();
  await expect(getImagesPage(await userContext(other), projectRef(world, project))).rejects.toMatchObject({
    code: "not_found",
  });
});
