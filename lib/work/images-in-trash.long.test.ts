import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { sourceImageKey, thumbnailKey } from "@/lib/domain/images";
import { eraseFiles, purgeItem, trashImages } from "@/lib/domain/trash";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma, query } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { checkInvariants } from "@/lib/testing/invariants";
import { itemRef, projectRef, UNBOUNDED } from "@/lib/testing/lifecycle";
import { buildPausedWriters } from "@/lib/testing/pause";
import { photo } from "@/lib/testing/pixels";
import { keysUnder, testStore } from "@/lib/testing/store-file";
import { sweepFiles } from "./sweep";
import { uploadImage } from "./uploads/images";

/*
 * Images are purged file by file, in a folder that lives on. So here whoever sends the bytes of one is stopped at each of its
 * steps while that one is purged and proved gone, and whoever removes the files dies at each kind of step.
 */

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let writers: Awaited<ReturnType<typeof buildPausedWriters>>;
const scratch = mkdtempSync(path.join(tmpdir(), "images-in-trash-"));
beforeAll(async () => {
  writers = await buildPausedWriters();
  world = await buildWorld();
});
afterAll(async () => {
  await writers.remove();
  rmSync(scratch, { recursive: true });
});

const ctx = () => userContext(world);
const job = () => systemContext("test");
let seed = 0;

/** An image in Trash, in a project of its own, since this process keeps its writers and time passes; and a file with its bytes. */
async function trashedImage() {
  project = await buildProject(world);
  const bytes = await photo(40, 30, (seed += 1));
  const file = path.join(scratch, `${seed}.jpg`);
  writeFileSync(file, bytes);
  const facts = { fileName: "a.jpg", split: null, label: null };
  const { id } = await uploadImage(await ctx(), projectRef(world, project), [bytes], facts);
  const removal = await trashImages(await ctx(), { ...projectRef(world, project), images: { imageIds: [id] } });
  if (removal.outcome !== "trashed") throw new Error(removal.outcome);
  return { id, bytes, removal, input: { world, projectSlug: project.slug, file } };
}

/** As time does: grants are over, receipts due. */
const passTime = () =>
  query(
    {
      text: `with g as (update grants set until = now() - interval '1 second')
             update purge_receipts set writers_until = now() - interval '1 hour', next_attempt_at = null where verified_at is null`,
    },
    [],
  );

async function prove(removal: { id: string }) {
  const find = () => prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: removal.id } });
  await passTime();
  while ((await find()).verifiedAt === null) {
    await passTime();
    await eraseFiles(await job(), UNBOUNDED);
  }
  return find();
}

const filesOf = (id: string) => [sourceImageKey(project.id, id), thumbnailKey(project.id, id)];

test("an upload that is paused at any step while its image is purged and proved leaves one whole image, or none", async () => {
  const steps = await writers.listSteps("upload", (await trashedImage()).input);
  expect(steps.filter((step) => step.startsWith("query")).length).toBeGreaterThan(5);
  // each takes a second; FENCES=all pauses at all of them
  const each = process.env["FENCES"] === "all" ? 1 : 12;
  for (let step = 1; step <= steps.length; step += each) {
    const { id, bytes, removal, input } = await trashedImage();
    const one = await writers.pauseAt("upload", input, { step, then: "go on" }, async (pid) => {
      await query(
        {
          text: "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = $1 and state like 'idle in transaction%'",
        },
        [`paused-${pid}`],
      );
      if ((await prisma().image.findUniqueOrThrow({ where: { id } })).removalId === null) return; // it has it back
      await purgeItem(await ctx(), itemRef(world, "IMAGES", removal), UNBOUNDED);
      await prove(removal);
    });
    const when = `paused before step ${step}, ${one?.stood}; ${one?.ended}`;
    await passTime();
    await sweepFiles(await job(), UNBOUNDED);
    const purged = await prisma().purgeReceipt.findFirst({ where: { itemId: removal.id } });
    if (purged) expect(purged, when).toMatchObject({ removedFiles: 2, lateFiles: 0, verifiedAt: expect.any(Date) });
    const rows = await prisma().image.findMany({ where: { projectId: project.id, removalId: null } });
    if (!purged) expect(rows.map((row) => row.id)).toContain(id);
    const named = (await prisma().image.findMany({ where: { projectId: project.id } })).flatMap((row) =>
      filesOf(row.id),
    );
    expect(await keysUnder(testStore(), `projects/${project.id}/`), when).toEqual(named.sort());
    for (const row of rows)
      expect(await blobStore().get(sourceImageKey(project.id, row.id))).toHaveLength(row.sizeBytes);
    if (/ended/.test(one?.ended ?? ""))
      expect(
        rows.some(({ sizeBytes }) => sizeBytes === bytes.length),
        when,
      ).toBe(true);
  }
  await checkInvariants(world.workspace.id);
}, 600_000);

test("an eraser that dies at any kind of step leaves a receipt whose counts are right, and no other image's file", async () => {
  const purged = async () => {
    const one = await trashedImage();
    await purgeItem(await ctx(), itemRef(world, "IMAGES", one.removal), UNBOUNDED);
    await passTime();
    return one;
  };
  const others = () => prisma().image.findMany({ where: { projectId: project.id }, select: { id: true } });
  const { removal } = await purged();
  const steps = await writers.listSteps("erase", {});
  await prove(removal);
  const kinds = new Map([...steps.entries()].reverse().map(([index, name]) => [name.split(" ")[0], index + 1]));
  for (const kind of ["rename", "unlink", "rmdir"]) {
    const step = kinds.get(kind)!;
    const one = await purged();
    await writers.pauseAt("erase", {}, { step, then: "die" }, async () => {});
    expect(await prove(one.removal), `died after a step of ${kind}`).toMatchObject({
      ...{ removedFiles: 2, lateFiles: 0, verifiedAt: expect.any(Date), sourceImages: 1 },
    });
    const named = (await others()).flatMap(({ id }) => filesOf(id)).sort();
    expect(await keysUnder(testStore(), `projects/${project.id}/`)).toEqual(named);
  }
}, 600_000);
