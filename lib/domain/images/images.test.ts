import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildImages, buildProject, buildWorld, userContext } from "@/lib/testing/builders";
import { outcomeOf, projectRef } from "@/lib/testing/lifecycle";
import { findImageByContent, getSourceImage, sourceImageKey } from "./images";

test("an image is found by its bytes and by its id in its own project, and in no other", async () => {
  const world = await buildWorld();
  const [owner, project] = [await userContext(world), await buildProject(world)];
  const here = projectRef(world, project);
  const [id] = await buildImages(project, 1);
  const { sha256 } = await prisma().image.findUniqueOrThrow({ where: { id: id! } });
  const elsewhere = projectRef(world, await buildProject(world));
  expect([
    await findImageByContent(owner, here, sha256),
    await findImageByContent(owner, elsewhere, sha256),
    await outcomeOf(getSourceImage(owner, { ...elsewhere, imageId: id! })),
  ]).toEqual([{ id, inTrash: false }, null, "not_found"]);
  expect(await getSourceImage(owner, { ...here, imageId: id! })).toMatchObject({
    key: sourceImageKey(project.id, id!),
    sha256,
    contentType: "image/png",
  });
});
