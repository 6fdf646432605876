import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildModel, buildProject, buildTraining, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { projectRef, trainingRef, versionRef } from "@/lib/testing/lifecycle";
import { trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { getUsageByProject } from "./usage";

test("live and in Trash, by project and in all, add up to what counts against the quota", async () => {
  const world = await buildWorld({ imageQuota: 500 });
  const ctx = await userContext(world);
  const [digits, faces, empty] = [
    await buildProject(world, { name: "Digits" }),
    await buildProject(world, { name: "Faces" }),
    await buildProject(world, { name: "Nothing yet" }),
  ];
  const [live, trashed] = [
    await buildVersion(world, digits, { images: 40 }),
    await buildVersion(world, digits, { images: 7 }),
  ];
  const training = await buildTraining(world, live, { status: "FINISHED" });
  await buildModel(world, training);
  await buildModel(world, await buildTraining(world, live, { status: "FINISHED" }));
  await buildVersion(world, faces, { images: 5 });
  await trashVersion(ctx, versionRef(world, digits, trashed));
  await trashTraining(ctx, trainingRef(world, training));
  await trashProject(ctx, projectRef(world, faces));
  await buildVersion(await buildWorld(), await buildProject(await buildWorld()), { images: 9 });

  const usage = await getUsageByProject(ctx, world.workspace.slug);
  expect(usage).toEqual({
    workspace: { slug: world.workspace.slug, name: world.workspace.name },
    imageQuota: 500,
    usedImages: 52,
    live: { images: 40, bytes: 100 },
    trash: { images: 12, bytes: 100 },
    projects: [
      {
        slug: digits.slug,
        name: "Digits",
        inTrash: false,
        live: { images: 40, bytes: 100 },
        trash: { images: 7, bytes: 100 },
      },
      { slug: faces.slug, name: "Faces", inTrash: true, live: { images: 0, bytes: 0 }, trash: { images: 5, bytes: 0 } },
      {
        slug: empty.slug,
        name: "Nothing yet",
        inTrash: false,
        live: { images: 0, bytes: 0 },
        trash: { images: 0, bytes: 0 },
      },
    ],
  });
  expect(usage.live.images + usage.trash.images).toBe(usage.usedImages);
});

test("an export that is there counts with its version, live or in Trash; one being made counts nothing", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const project = await buildProject(world);
  const [live, trashed] = [
    await buildVersion(world, project, { images: 1 }),
    await buildVersion(world, project, { images: 2 }),
  ];
  const exported = { format: "FOLDER", createdById: world.owner.id } as const;
  await prisma().export.create({
    data: { ...exported, versionId: live.id, status: "READY", sizeBytes: 30, endedAt: ctx.now },
  });
  await prisma().export.create({ data: { ...exported, versionId: live.id, format: "COCO", sizeBytes: 500 } });
  await prisma().export.create({
    data: { ...exported, versionId: trashed.id, status: "READY", sizeBytes: 4, endedAt: ctx.now },
  });
  await trashVersion(ctx, versionRef(world, project, trashed));
  expect(await getUsageByProject(ctx, world.workspace.slug)).toMatchObject({
    live: { images: 1, bytes: 30 },
    trash: { images: 2, bytes: 4 },
  });
});

test("a workspace without projects holds nothing; another's is not to be read", async () => {
  const world = await buildWorld();
  expect(await getUsageByProject(await userContext(world), world.workspace.slug)).toMatchObject({
    usedImages: 0,
    live: { images: 0, bytes: 0 },
    projects: [],
  });
  await expect(getUsageByProject(await userContext(await buildWorld()), world.workspace.slug)).rejects.toMatchObject({
    code: "not_found",
  });
});
