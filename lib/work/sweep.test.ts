import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { projectPrefix, toGrant, versionPrefix } from "@/lib/domain/grants";
import { sourceImageKey, takeUploadsGrant } from "@/lib/domain/images";
import { getProjectState } from "@/lib/domain/item-state";
import { beginWeights, cancelTraining, claimTraining, startTraining, weightsFile } from "@/lib/domain/trainings";
import { failGeneration, keepThumbnail, takeThumbnailsGrant, thumbnailPath } from "@/lib/domain/versions";
import { openWriter } from "@/lib/domain/writer";
import { blobStore, type WriteGrant } from "@/lib/platform/blob-store";
import { prisma, query } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { auditedActions, claimVersion, storeFolder, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { storeRunWeights } from "@/lib/testing/run-weights";
import { keysUnder, storeFile, testStore } from "@/lib/testing/store-file";
import { sweepFiles, tidyUp } from "./sweep";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
beforeEach(async () => {
  await query({ text: "delete from grants" }, []); // of earlier tests
  world = await buildWorld();
  project = await buildProject(world);
});

const sweep = async () => sweepFiles(await systemContext("test"), UNBOUNDED);
const keys = async (prefix: string) =>
  (await keysUnder(testStore(), prefix)).map((key) => key.slice(prefix.length)).sort();
const passTime = () => query({ text: "update grants set until = now() - interval '1 second'" }, []);
const grants = () => prisma().grant.count({ where: { workspaceId: world.workspace.id } });

async function generationGrant(version: { id: string }): Promise<WriteGrant> {
  const { leaseId } = await claimVersion(version);
  const { until } = await prisma().grant.findUniqueOrThrow({ where: { id: leaseId } });
  const item = { workspaceId: world.workspace.id, projectId: project.id, versionId: version.id };
  const grant = toGrant(leaseId, "GENERATION", item, { from: new Date(), until });
  await blobStore().open(grant);
  return grant;
}

describe("what a lost generator left", () => {
  test("is swept once its grant is over, but for the chunks that count; the audit log says how much", async () => {
    const version = await buildVersion(world, project, { status: "GENERATING", images: 4 });
    const grant = await generationGrant(version);
    await prisma().generationChunk.create({
      data: { versionId: version.id, key: "k", attemptId: "kept", entries: [], files: 1, sizeBytes: 1 },
    });
    const prefix = versionPrefix(version.id);
    for (const file of ["images/kept/train/a.png", "images/lost/train/a.png", "manifests/none.json", "thumbs/t.webp"])
      await storeFile(`${prefix}${file}`, Buffer.from("x"));
    await blobStore().put(`${prefix}images/lost/train/b.png`, Buffer.from("xyz"), grant);
    expect(await sweep()).toMatchObject({ files: 0 }); // not before its time
    await passTime();
    expect(await sweep()).toEqual({ files: 3, bytes: 5, failed: 0 });
    expect(await keys(prefix)).toEqual(["images/kept/train/a.png", "thumbs/t.webp"]);
    expect(readdirSync(path.join(storeFolder(), prefix, "images"))).toEqual(["kept"]);
    expect([await grants(), await auditedActions(world)]).toEqual([0, ["files.swept"]]);
    await expect(blobStore().put(`${prefix}images/lost/late.png`, Buffer.from("x"), grant)).rejects.toThrow();
    expect(await keys(prefix)).toHaveLength(2);
  });

  test("waits while another generator is at work on the version, whose files no row names yet", async () => {
    const version = await buildVersion(world, project, { status: "GENERATING", images: 4 });
    await generationGrant(version);
    await passTime();
    await prisma().version.update({ where: { id: version.id }, data: { generatorUntil: new Date(0) } });
    const other = await generationGrant(version);
    await blobStore().put(`${versionPrefix(version.id)}images/others/a.png`, Buffer.from("x"), other);
    expect(await sweep()).toMatchObject({ files: 0, failed: 0 });
    expect(await keys(versionPrefix(version.id))).toEqual(["images/others/a.png"]);
    await failGeneration(
      await systemContext("test"),
      { workspaceId: world.workspace.id, versionId: version.id, leaseId: other.id },
      { reason: "internal" },
    );
    await tidyUp(other);
    expect([await keys(versionPrefix(version.id)), await grants()]).toEqual([[], 0]);
  });
});

test("a thumbnail whose process died before its row is swept, those with rows stay", async () => {
  const version = await buildVersion(world, project);
  const writer = await openWriter(await takeThumbnailsGrant(version.id, 60_000), { leaseMs: 60_000 });
  for (const sha256 of ["kept", "lost"]) await writer.put(thumbnailPath(sha256), Buffer.from("x"));
  await keepThumbnail(version.id, writer.grant.id, { sha256: "kept", sizeBytes: 1 });
  await passTime();
  expect(await sweep()).toEqual({ files: 1, bytes: 1, failed: 0 });
  expect(await keys(versionPrefix(version.id))).toEqual([thumbnailPath("kept")]);
});

test("a source image whose upload died before its row is swept, those with rows stay", async () => {
  const state = await getProjectState(world.workspace.id, {
    workspaceSlug: world.workspace.slug,
    projectSlug: project.slug,
  });
  const grant = await takeUploadsGrant(state, "UPLOADS", 60_000);
  const writer = await openWriter(grant, { leaseMs: 60_000 });
  const [kept, lost] = [newId(), newId()];
  for (const id of [kept, lost])
    for (const folder of ["images", "thumbs"]) await writer.put(`${folder}/${id}`, Buffer.from("x"));
  await prisma().image.create({
    data: {
      id: kept,
      projectId: project.id,
      fileName: "a.png",
      sha256: kept,
      contentType: "image/png",
      sizeBytes: 1,
      width: 1,
      height: 1,
      split: "TRAIN",
    },
  });
  await passTime();
  expect(await sweep()).toEqual({ files: 2, bytes: 2, failed: 0 });
  expect(await keys(projectPrefix(project.id))).toEqual([`images/${kept}`, `thumbs/${kept}`]);
  expect(existsSync(path.join(storeFolder(), sourceImageKey(project.id, kept)))).toBe(true);
});

describe("weights", () => {
  let version: { id: string; number: number };
  beforeEach(async () => {
    version = await buildVersion(world, project);
  });

  async function claimed() {
    const training = await buildTraining(world, version, { trainer: "EMBEDDED" });
    return (await claimTraining(await systemContext("train"), { trainingId: training.id }))!;
  }
  const weightsOf = (run: { trainingId: string }) => keys(`${versionPrefix(version.id)}trainings/${run.trainingId}/`);

  test("of a run that ended without a word count until they are swept", async () => {
    const run = await storeRunWeights(await claimed(), 2_000);
    const ref = versionRef(world, project, version);
    const usage = () => prisma().training.findUniqueOrThrow({ where: { id: run.trainingId } });
    expect((await usage()).weightsBytes).toBe(2_000n);
    await cancelTraining(await userContext(world), { ...ref, trainingId: run.trainingId });
    expect([(await usage()).weightsBytes, (await weightsOf(run)).length]).toEqual([2_000n, 1]);
    expect(await sweep()).toEqual({ files: 1, bytes: 2_000, failed: 0 });
    expect([(await usage()).weightsBytes, await weightsOf(run)]).toEqual([0n, []]);
    expect(await auditedActions(world)).toEqual(["training.cancelled", "files.swept"]);
    expect(await sweep()).toEqual({ files: 0, bytes: 0, failed: 0 });
  });

  test("that a killed trainer had stored and not named, and those of a trainer before, are swept; the run's own stay", async () => {
    const first = await storeRunWeights(await claimed());
    await query({ text: "update trainings set lease_until = now() - interval '1 second' where id = $1" }, [
      first.trainingId,
    ]);
    const again = (await claimTraining(await systemContext("train"), { trainingId: first.trainingId }))!;
    const grant = (await beginWeights(await systemContext("train"), again))!;
    await (await openWriter(grant, { leaseMs: 60_000 })).put(weightsFile(grant.id), Buffer.alloc(7));
    await storeRunWeights(again, 50);
    expect(await weightsOf(first)).toHaveLength(3);
    await passTime();
    expect(await sweep()).toEqual({ files: 2, bytes: 107, failed: 0 });
    const { weightsId } = await prisma().training.findUniqueOrThrow({ where: { id: first.trainingId } });
    expect(await weightsOf(first)).toEqual([weightsFile(weightsId!)]);
  });

  test("are begun in the folder that a training has from its start", async () => {
    const { id } = await startTraining(await userContext(world), versionRef(world, project, version));
    expect(existsSync(path.join(storeFolder(), versionPrefix(version.id), "trainings", id))).toBe(true);
  });
});

test("a store that fails leaves a grant to the next sweep", async () => {
  const version = await buildVersion(world, project, { status: "GENERATING", images: 4 });
  await generationGrant(version);
  await passTime();
  const [folder, aside] = [storeFolder(), `${storeFolder()}-unmounted`];
  const { renameSync } = await import("node:fs");
  renameSync(folder, aside);
  expect(await sweep().catch(() => ({ failed: 1 }))).toMatchObject({ failed: 1 });
  renameSync(aside, folder);
  await query({ text: "update grants set ended_at = now() - interval '1 hour'" }, []);
  expect(await sweep()).toMatchObject({ failed: 0 });
  expect(await grants()).toBe(0);
});
