import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { beforeEach, expect, test } from "vitest";
import { systemContext, type Context } from "@/lib/domain/context";
import { versionPrefix } from "@/lib/domain/grants";
import { eraseFiles, purgeItem, trashVersion } from "@/lib/domain/trash";
import { getImport } from "@/lib/domain/versions";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { itemRef, storeFolder, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { photo } from "@/lib/testing/pixels";
import { zipOf } from "@/lib/testing/zips";
import { verifyVersionFiles } from "./files";
import { importVersions, sendImport } from "./importer";

/* A worker in a process of its own, which dies or sleeps in the middle of an import. */

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;
beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  owner = await userContext(world);
});

const IMAGES = 400;

async function send() {
  const files: Record<string, Buffer> = {};
  const pictures = await Promise.all(Array.from({ length: 20 }, (_, i) => photo(320, 240, i + 1)));
  for (let i = 0; i < IMAGES; i++) files[`train/${i % 2 ? "cat" : "dog"}/${i}.jpg`] = pictures[i % 20]!;
  const zip = await zipOf(files);
  const ref = { workspaceSlug: world.workspace.slug, projectSlug: project.slug };
  return sendImport(owner, ref, { number: 5 }, { body: Readable.from([zip]), announcedBytes: zip.length });
}

const startWorker = () =>
  spawn(process.execPath, ["--import", "tsx", "lib/testing/run-job.ts", "import-versions"], { stdio: "inherit" });

const row = () => prisma().version.findFirst({ where: { projectId: project.id } });
const importAll = async () => importVersions(await systemContext("imports"), UNBOUNDED);
const passLeases = async () => {
  await prisma().$executeRaw`update tasks set lease_until = now() - interval '1 second' where status = 'RUNNING'`;
  await prisma().$executeRaw`update grants set until = now()`;
};
const usedImages = async () =>
  (await prisma().workspace.findUniqueOrThrow({ where: { id: world.workspace.id } })).usedImages;

/** Resolves once the worker has kept a chunk of the version. */
async function untilKept(child: ChildProcess, chunks = 1): Promise<{ id: string }> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the worker ended with ${child.exitCode}`);
    const version = await row();
    if (version && (await prisma().generationChunk.count({ where: { versionId: version.id } })) >= chunks)
      return version;
  }
}

test("killed in the middle is followed by another, which takes over what was kept and leaves nothing else", async () => {
  const { taskId } = await send();
  for (let kills = 1; kills <= 2; kills++) {
    const child = startWorker();
    await untilKept(child, kills);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await importAll()).toMatchObject({ ready: 0 }); // its lease is not over
    await passLeases();
  }
  const kept = await prisma().generationChunk.findMany({ select: { attemptId: true } });
  expect(await usedImages()).toBe(IMAGES);
  expect(await importAll()).toMatchObject({ ready: 1 });
  const ref = { workspaceSlug: world.workspace.slug, projectSlug: project.slug };
  expect(await getImport(owner, { ...ref, taskId })).toMatchObject({ status: "COMPLETED", version: { number: 5 } });
  expect(await verifyVersionFiles(owner, { ...ref, number: 5 })).toMatchObject({ ok: true, files: IMAGES });
  for (const { attemptId } of kept)
    expect(existsSync(path.join(storeFolder(), versionPrefix((await row())!.id), "images", attemptId))).toBe(true);
});

test("paused past the purge and resumed leaves nothing, and its task is told as over", async () => {
  const { taskId } = await send();
  const child = startWorker();
  try {
    const { id } = await untilKept(child);
    child.kill("SIGSTOP");
    await trashVersion(owner, versionRef(world, project, { number: 5 }));
    expect(await usedImages()).toBe(0);
    await purgeItem(owner, itemRef(world, "VERSION", { id }), UNBOUNDED);
    const eraser = await systemContext("erase-files");
    expect(await eraseFiles(eraser, UNBOUNDED)).toEqual({ verified: 0, postponed: 1 });
    await prisma().$executeRaw`update purge_receipts set next_attempt_at = now(), writers_until = now()`;
    expect(await eraseFiles(eraser, UNBOUNDED)).toEqual({ verified: 1, postponed: 0 });
    child.kill("SIGCONT");
    await once(child, "exit");
    expect(child.exitCode).toBe(0);
    expect(existsSync(path.join(storeFolder(), versionPrefix(id)))).toBe(false);
    const ref = { workspaceSlug: world.workspace.slug, projectSlug: project.slug, taskId };
    expect(await getImport(owner, ref)).toMatchObject({ status: "FAILED", version: null });
  } finally {
    child.kill("SIGKILL");
  }
});
