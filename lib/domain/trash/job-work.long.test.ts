import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { versionPrefix } from "@/lib/domain/grants";
import { prisma, query } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { keysUnder, testStore } from "@/lib/testing/store-file";
import { purgeSet } from "@/lib/testing/full-trash";
import { storeFolder, usedImages, versionRef, writeFiles } from "@/lib/testing/lifecycle";
import { getTrashJob, trashVersion } from "@/lib/domain/trash";

/** The promise is about 10,000; so many take minutes. */
const VERSIONS = Number(process.env["PURGED_VERSIONS"] ?? 600);
const KILLS = 2;

/** A worker's job in a process of its own, for as long as it may live. */
function start(job: "run-trash-jobs" | "erase-files"): ChildProcess {
  const script = path.resolve("lib/testing/run-job.ts");
  return spawn(process.execPath, ["--import", "tsx", script, job], { stdio: ["ignore", "ignore", "inherit"] });
}

const count = async (text: string, id: string): Promise<number> => {
  const [row] = await query<{ count: number }>({ text: `select count(*)::int as count from ${text}` }, [id]);
  return row!.count;
};

/** Runs the job over and over, killed each time once `done` has got on; the last time to its end. */
async function runKilled(
  job: "run-trash-jobs" | "erase-files",
  done: () => Promise<number>,
  free: () => Promise<unknown>,
) {
  for (let kill = 1; kill <= KILLS; kill++) {
    const child = start(job);
    const target = (VERSIONS * kill) / (KILLS + 2);
    while ((await done()) < target) expect(child.exitCode).toBeNull();
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await done()).toBeLessThan(VERSIONS);
    await free(); // its lease runs out
  }
  const [code] = (await once(start(job), "exit")) as [number];
  expect(code).toBe(0);
}

test(
  "Empty Trash of many versions with files, its workers killed again and again, ends with each purged and proved once",
  { timeout: 600_000 },
  async () => {
    mkdirSync(storeFolder(), { recursive: true });
    const world = await buildWorld();
    const project = await buildProject(world);
    const slugs = { workspaceSlug: world.workspace.slug };
    const owner = await userContext(world);
    const first = await buildVersion(world, project, { images: 1 });
    await prisma().version.update({ where: { id: first.id }, data: { files: 2, sizeBytes: 12 } });
    await trashVersion(owner, versionRef(world, project, first));
    await prisma().$executeRawUnsafe(
      `insert into versions select copy.* from versions v, generate_series(2, ${VERSIONS}) i,
         lateral jsonb_populate_record(v, jsonb_build_object('id', gen_random_uuid()::text, 'number', i)) copy where v.id = $1`,
      first.id,
    );
    await prisma().workspace.update({ where: { id: world.workspace.id }, data: { usedImages: VERSIONS } });
    const versions = await prisma().version.findMany({ where: { projectId: project.id }, select: { id: true } });
    for (const { id } of versions) writeFiles(versionPrefix(id), 1);

    const job = await purgeSet(owner, slugs.workspaceSlug, "all");
    const look = () => getTrashJob(owner, { ...slugs, jobId: job.id });
    await runKilled(
      "run-trash-jobs",
      async () => (await look()).done,
      () => prisma().trashJob.updateMany({ data: { leaseUntil: new Date(0) } }),
    );
    expect(await look()).toMatchObject({ end: "FINISHED", done: VERSIONS, left: 0 });
    expect(await usedImages(world)).toBe(0);
    expect(await count("versions where project_id = $1", project.id)).toBe(0);
    expect(await count("purge_receipts where workspace_id = $1", world.workspace.id)).toBe(VERSIONS);

    await runKilled(
      "erase-files",
      () => count("purge_receipts where workspace_id = $1 and verified_at is not null", world.workspace.id),
      () => prisma().purgeReceipt.updateMany({ data: { nextAttemptAt: null } }),
    );
    const whole = `workspace_id = $1 and verified_at is not null and removed_files = 2 and removed_bytes = 12 and late_files = 0`;
    expect(await count(`purge_receipts where ${whole}`, world.workspace.id)).toBe(VERSIONS);
    expect(await keysUnder(testStore(), "versions/")).toEqual([]);
  },
);
