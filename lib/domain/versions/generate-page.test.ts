import { beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildMember, buildProject, buildUser, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { outcomeOf, projectRef } from "@/lib/testing/lifecycle";
import { getGeneratePage } from "./generate-page";
let world: World;

beforeEach(async () => {
  world = await buildWorld();
});

/** An image for each side, named by its hash: "00", "01", … */
async function addRows(projectId: string, sides: readonly number[]): Promise<void> {
  const splits = ["TRAIN", "TRAIN", "VALID", "TEST"] as const;
  await prisma().image.createMany({
    data: sides.map((side, index) => ({
      projectId,
      fileName: `0${index}`,
      sha256: `0${index}`,
      contentType: "image/png",
      sizeBytes: 1,
      width: 10,
      height: side,
      split: splits[index % 4]!,
      label: index === 0 ? null : String(11 - index),
    })),
  });
}

test("the page says how many images each split has, their classes, and how large half of them are", async () => {
  const project = await buildProject(world);
  const ref = projectRef(world, project);
  expect(await getGeneratePage(await userContext(world), ref)).toMatchObject({
    images: { train: 0, valid: 0, test: 0 },
    classes: [],
    medianSidePx: null,
  });
  await addRows(project.id, [5, 900, 40, 50, 60]);
  expect(await getGeneratePage(await userContext(world), ref)).toMatchObject({
    images: { train: 3, valid: 1, test: 1 },
    classes: ["7", "8", "9", "10"],
    medianSidePx: 50,
  });
});

test("the page says which seed the project has, and how many images of an object detection project have no box", async () => {
  for (const [type, withoutBoxes] of [
    ["OBJECT_DETECTION", 2],
    ["CLASSIFICATION", 0],
  ] as const) {
    const project = await buildProject(world, { type });
    await addRows(project.id, [5, 6, 7]);
    await prisma().project.update({ where: { id: project.id }, data: { seed: 42 } });
    const boxes = [{ label: "a", x: 0, y: 0, width: 1, height: 1 }];
    await prisma().image.updateMany({ where: { projectId: project.id, sha256: "01" }, data: { boxes } });
    const page = await getGeneratePage(await userContext(world), projectRef(world, project));
    expect(page, type).toMatchObject({ seed: 42, withoutBoxes });
  }
});

test("editors may generate, viewers may not, and to others the project is not there", async () => {
  const ref = projectRef(world, await buildProject(world));
  for (const [role, createVersions] of [
    ["EDITOR", true],
    ["VIEWER", false],
  ] as const) {
    const user = await buildMember(world, role);
    expect((await getGeneratePage(await userContext(world, { user, role }), ref)).may, role).toEqual({
      createVersions,
    });
  }
  const stranger = await userContext(await buildWorld(), { user: await buildUser() });
  expect(await outcomeOf(getGeneratePage(stranger, ref))).toBe("not_found");
});
