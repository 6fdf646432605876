import { beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { projectRef } from "@/lib/testing/lifecycle";
import { sampleImages } from "./generation-sample";

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

test("a sample begins anywhere among the images, goes on at the first, and has none twice", async () => {
  const project = await buildProject(world);
  await addRows(project.id, [1, 2, 3, 4, 5]);
  const namesFrom = async (from: string, count: number) =>
    (await sampleImages(await userContext(world), projectRef(world, project), count, from)).map(
      ({ fileName }) => fileName,
    );
  expect(await namesFrom("", 3)).toEqual(["00", "01", "02"]);
  expect(await namesFrom("03", 3)).toEqual(["03", "04", "00"]);
  expect(await namesFrom("ff", 9)).toEqual(["00", "01", "02", "03", "04"]);
});
