import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildMember, buildProject, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { buildFullTrash, chosen, purgeSet } from "@/lib/testing/full-trash";
import { auditedActions, later, outcomeOf, usedImages, versionRef } from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { authenticateKey } from "@/lib/domain/people";
import {
  cancelTrashJob,
  freezeTrash,
  getTrashJob,
  listJobResults,
  listOpenJobs,
  listTrash,
  listTrashJobs,
  previewPurge,
  purgeItem,
  restoreVersion,
  SMALL,
  startPurge,
  startRestore,
  trashVersion,
  type TrashItem,
} from "@/lib/domain/trash";

const forever = AbortSignal.timeout(60_000);
const NOBODYS = "0190aaaa-0000-7000-8000-000000000005";

const resultsOf = async (...[ctx, input]: Parameters<typeof listJobResults>) =>
  (await listJobResults(ctx, input)).results;

test("Restore All brings back parents first, so that everything comes back", async () => {
  const { world, slugs } = await buildFullTrash();
  const ctx = await userContext(world);
  const { id: selectionId } = await freezeTrash(ctx, { ...slugs, set: "all" });
  const job = await startRestore(ctx, { ...slugs, selectionId });
  expect(job).toMatchObject({
    act: "RESTORE",
    items: 4,
    done: 4,
    left: 0,
    end: "FINISHED",
    userName: world.owner.name,
  });
  expect((await listTrash(ctx, slugs)).items).toEqual([]);
  expect(await startRestore(ctx, { ...slugs, selectionId })).toEqual(job); // pressed twice, it is the same job
});

test("an item that cannot be restored says why and keeps no other", async () => {
  const { world, slugs, inGone, version, items } = await buildFullTrash();
  const ctx = await userContext(world);
  const job = await startRestore(ctx, { ...slugs, ...chosen(items, inGone.id, version.id) });
  expect(job).toMatchObject({ items: 2, done: 1, left: 1, end: "FINISHED" });
  const results = await resultsOf(ctx, { ...slugs, jobId: job.id });
  expect(results.find(({ id }) => id === version.id)).toMatchObject({
    outcome: "DONE",
    problem: null,
    name: "baseline",
  });
  expect(results.find(({ id }) => id === inGone.id)).toMatchObject({
    outcome: "LEFT",
    problem: { code: "parent_in_trash" },
  });
  expect(await resultsOf(ctx, { ...slugs, jobId: job.id, left: true })).toHaveLength(1);
});

test("of chosen items, one restored meanwhile counts as restored, one deleted again or purged is left with its reason", async () => {
  const { world, slugs, kept, version, training, inGone, gone, items } = await buildFullTrash();
  const ctx = await userContext(world);
  await purgeItem(ctx, { ...slugs, type: "PROJECT", id: gone.id }, forever);
  await restoreVersion(ctx, { ...slugs, projectId: kept.id, number: version.number });
  await trashVersion(later(ctx, 1000), { ...slugs, projectSlug: kept.slug, number: version.number });
  const job = await startRestore(ctx, { ...slugs, items });
  expect(job).toMatchObject({ items: 4, done: 1, left: 3, end: "FINISHED" });
  const left = await resultsOf(ctx, { ...slugs, jobId: job.id, left: true });
  expect(left.map(({ id, problem }) => [id, problem!.code, problem!.details["reason"]])).toEqual([
    [gone.id, "purged", undefined],
    [version.id, "not_in_trash", "changed"],
    [inGone.id, "purged", undefined],
  ]);
  expect((await listTrash(ctx, slugs)).items.map(({ id }) => id)).toEqual([version.id]);
  expect(await startRestore(ctx, { ...slugs, ...chosen(items, training.id) })).toMatchObject({ done: 1, left: 0 }); // live already
});

test("Empty Trash takes what was in it when the person looked, and nothing trashed since", async () => {
  const { world, slugs, kept } = await buildFullTrash();
  const ctx = await userContext(world);
  const { id: previewId, items } = await previewPurge(ctx, { ...slugs, set: "all" });
  const late = await buildVersion(world, kept, { images: 3 });
  await trashVersion(ctx, { ...slugs, projectSlug: kept.slug, number: late.number }); // at the very instant of the look
  expect(items).toBe(4);
  expect(await startPurge(ctx, { ...slugs, previewId, confirm: "４" })).toMatchObject({ items: 4, done: 4, left: 0 });
  expect((await listTrash(ctx, slugs)).items.map((item) => item.id)).toEqual([late.id]);
  expect(await usedImages(world)).toBe(3 + 10); // the late one, and the live one whose training went
});

test("what goes with its project or version is done with it, and counted once", async () => {
  const { world, slugs, kept, training } = await buildFullTrash();
  const ctx = await userContext(world);
  await trashVersion(ctx, { ...slugs, projectSlug: kept.slug, number: 2 }); // with the training that was trashed before
  const job = await purgeSet(ctx, slugs.workspaceSlug, "all");
  expect(job).toMatchObject({ items: 5, done: 5, left: 0, end: "FINISHED" });
  expect(await usedImages(world)).toBe(0);
  expect(await prisma().purgeReceipt.count({ where: { itemId: training.id } })).toBe(0);
});

test("with anything changed since the preview nothing is purged, also not beside it", async () => {
  const { world, slugs, kept, version, training, items } = await buildFullTrash();
  const ctx = await userContext(world);
  const preview = async () => (await previewPurge(ctx, { ...slugs, set: "all" })).id;
  const refused = { code: "stale_selection", details: { reason: "changed", changes: 1 } };
  const restored = await preview();
  await startRestore(ctx, { ...slugs, ...chosen(items, version.id) });
  await expect(startPurge(ctx, { ...slugs, previewId: restored, confirm: "4" })).rejects.toMatchObject(refused);
  await trashVersion(later(ctx, -60_000), { ...slugs, projectSlug: kept.slug, number: version.number }); // again, and earlier
  await expect(startPurge(ctx, { ...slugs, previewId: restored, confirm: "4" })).rejects.toMatchObject(refused);
  const purged = await preview();
  await purgeItem(ctx, { ...slugs, type: "TRAINING", id: training.id }, forever);
  await expect(startPurge(ctx, { ...slugs, previewId: purged, confirm: "4" })).rejects.toMatchObject(refused);
  expect((await listTrash(ctx, slugs)).items).toHaveLength(3);
  expect((await listTrashJobs(ctx, slugs)).jobs.map(({ act }) => act)).toEqual(["RESTORE"]);
});

test("two owners who confirm the same preview's items at once lose nothing that was not shown, and each is told", async () => {
  const { world, slugs, version, items } = await buildFullTrash();
  const [one, two] = [await userContext(world), await userContext(world, { user: await buildMember(world, "OWNER") })];
  const look = (ctx: typeof one) => previewPurge(ctx, { ...slugs, set: chosen(items, version.id) });
  const [first, second] = [await look(one), await look(two)];
  const before = await usedImages(world);
  const told = await raceAt(
    ["workspaces", world.workspace],
    [
      () => startPurge(one, { ...slugs, previewId: first.id, confirm: "baseline" }),
      () => startPurge(two, { ...slugs, previewId: second.id, confirm: "baseline" }),
    ],
  );
  for (const job of told) expect(job).toMatchObject({ end: "FINISHED", done: 1, left: 0 });
  expect(await prisma().purgeReceipt.count({ where: { itemId: version.id } })).toBe(1);
  expect(await usedImages(world)).toBe(before - 7);
  await expect(startPurge(two, { ...slugs, previewId: first.id, confirm: "baseline" })).rejects.toMatchObject({
    code: "stale_selection",
    details: { reason: "too_old" },
  });
});

test("a purge that is pressed twice is one job, one receipt, and gives back the quota once", async () => {
  const { world, slugs, version, items } = await buildFullTrash();
  const ctx = await userContext(world);
  const { id: previewId } = await previewPurge(ctx, { ...slugs, set: chosen(items, version.id) });
  const before = await usedImages(world);
  const answers = await Promise.allSettled(
    [1, 2, 3].map(() => startPurge(ctx, { ...slugs, previewId, confirm: "baseline" })),
  );
  for (const answer of answers)
    if (answer.status === "rejected") expect(answer.reason).toMatchObject({ code: "already_exists" });
  expect(answers.some(({ status }) => status === "fulfilled")).toBe(true);
  expect(await startPurge(ctx, { ...slugs, previewId, confirm: "baseline" })).toMatchObject({
    done: 1,
    end: "FINISHED",
  });
  expect(await usedImages(world)).toBe(before - 7);
  expect(await prisma().purgeReceipt.count({ where: { itemId: version.id } })).toBe(1);
  expect((await listTrashJobs(ctx, slugs)).jobs).toHaveLength(1);
});

test("a purge by hand is confirmed by the name as it was shown, or by the number of items; else nothing is purged", async () => {
  const { world, slugs, version, items } = await buildFullTrash();
  const ctx = await userContext(world);
  const one = (await previewPurge(ctx, { ...slugs, set: chosen(items, version.id) })).id;
  for (const confirm of ["", "Baseline", "b\u0430seline", "baseline\u200b", "1"]) {
    await expect(startPurge(ctx, { ...slugs, previewId: one, confirm })).rejects.toMatchObject({
      code: "name_mismatch",
      details: { name: "baseline" },
    });
  }
  for (const set of [{ items }, "all"] as const) {
    const { id: previewId } = await previewPurge(ctx, { ...slugs, set });
    await expect(startPurge(ctx, { ...slugs, previewId, confirm: "3" })).rejects.toMatchObject({
      code: "name_mismatch",
      details: { items: 4, field: "items" },
    });
  }
  expect((await listTrash(ctx, slugs)).items).toHaveLength(4);
  expect(await startPurge(ctx, { ...slugs, previewId: one, confirm: " baseline " })).toMatchObject({
    done: 1,
    left: 0,
  });
});

test("an editor, a viewer and an API key cannot preview, purge or stop a purge; a viewer restores nothing", async () => {
  const { world, slugs, items } = await buildFullTrash();
  const owner = await userContext(world);
  const { id: previewId } = await previewPurge(owner, { ...slugs, set: "all" });
  const editor = await userContext(world, { user: await buildMember(world, "EDITOR"), role: "EDITOR" });
  const viewer = await userContext(world, { user: await buildMember(world, "VIEWER"), role: "VIEWER" });
  const key = await authenticateKey(await buildApiKey(world), "request");
  for (const [ctx, code] of [
    [editor, "forbidden"],
    [viewer, "forbidden"],
    [key, "missing_scope"],
  ] as const) {
    expect(await outcomeOf(previewPurge(ctx, { ...slugs, set: "all" }))).toBe(code);
    expect(await outcomeOf(startPurge(ctx, { ...slugs, previewId, confirm: "4" }))).toBe(code);
  }
  expect(await outcomeOf(startRestore(viewer, { ...slugs, items }))).toBe("forbidden");
  expect((await listTrash(editor, slugs)).items).toHaveLength(4);
  const job = await purgeSet(owner, slugs.workspaceSlug, "all");
  expect(await outcomeOf(cancelTrashJob(editor, { ...slugs, jobId: job.id }))).toBe("forbidden");
  expect(await outcomeOf(cancelTrashJob(viewer, { ...slugs, jobId: job.id }))).toBe("forbidden");
  expect(await getTrashJob(viewer, { ...slugs, jobId: job.id })).toMatchObject({ end: "FINISHED", mayCancel: false });
});

test("jobs, previews and results of another workspace are not found", async () => {
  const { world, slugs, version, items } = await buildFullTrash();
  const owner = await userContext(world);
  const preview = await previewPurge(owner, { ...slugs, set: chosen(items, version.id) });
  const job = await purgeSet(owner, slugs.workspaceSlug, chosen(items, version.id));
  const elsewhere = await buildWorld();
  await prisma().membership.create({
    data: { workspaceId: elsewhere.workspace.id, userId: world.owner.id, role: "OWNER" },
  });
  const there = await userContext(elsewhere, { user: world.owner });
  const place = { workspaceSlug: elsewhere.workspace.slug };
  expect(await outcomeOf(getTrashJob(there, { ...place, jobId: job.id }))).toBe("not_found");
  expect(await outcomeOf(cancelTrashJob(there, { ...place, jobId: job.id }))).toBe("not_found");
  expect(await outcomeOf(listTrashJobs(there, { ...place, before: job.id }))).toBe("not_found");
  expect((await listJobResults(there, { ...place, jobId: job.id })).results).toEqual([]);
  expect(await outcomeOf(startPurge(there, { ...place, previewId: preview.id, confirm: "baseline" }))).toBe(
    "stale_selection",
  );
  expect(await outcomeOf(startPurge(owner, { ...slugs, previewId: NOBODYS, confirm: "baseline" }))).toBe(
    "stale_selection",
  );
  expect(await outcomeOf(listJobResults(owner, { ...slugs, jobId: job.id, cursor: "nonsense" }))).toBe("invalid_input");
});

test("up to twenty items are done with the answer, more are a worker's: told in the log, listed while under way", async () => {
  const world = await buildWorld();
  const slugs = { workspaceSlug: world.workspace.slug };
  const project = await buildProject(world);
  const ctx = await userContext(world);
  for (let i = 0; i < SMALL + 1; i++)
    await trashVersion(later(ctx, -i), versionRef(world, project, await buildVersion(world, project)));
  const { items } = await listTrash(ctx, slugs);
  expect(await startRestore(ctx, { ...slugs, items: items.slice(1) })).toMatchObject({ items: SMALL, done: SMALL });
  for (const item of items.slice(1)) await trashVersion(ctx, versionRef(world, project, { number: item.number! }));
  expect(await auditedActions(world)).not.toContain("trash_job.started");

  const job = await purgeSet(ctx, slugs.workspaceSlug, "all");
  expect(job).toMatchObject({ items: SMALL + 1, done: 0, left: 0, end: null, mayCancel: true });
  expect((await auditedActions(world)).filter((action) => action === "trash_job.started")).toHaveLength(1);
  expect((await listOpenJobs(ctx, slugs.workspaceSlug)).map(({ id }) => id)).toEqual([job.id]);
  const { jobs, next } = await listTrashJobs(ctx, slugs);
  expect([jobs.map(({ act }) => act), next]).toEqual([["PURGE", "RESTORE"], null]);
  expect((await listTrashJobs(ctx, { ...slugs, before: job.id })).jobs).toHaveLength(1);
  const [queued] = await prisma().$queryRawUnsafe<{ jobs: number }[]>(
    `select count(*)::int as jobs from pgboss.job where name = 'run-trash-jobs' and state = 'created'`,
  );
  expect(queued!.jobs).toBeGreaterThan(0);
});

test("a version whose delete had waited while Trash was listed is not purged by those who did not see it", async () => {
  const world = await buildWorld();
  const project = await buildProject(world);
  const slugs = { workspaceSlug: world.workspace.slug };
  const [a, b] = [await buildVersion(world, project), await buildVersion(world, project)];
  const owner = await userContext(world);
  await trashVersion(owner, versionRef(world, project, a));

  let previewId = "";
  const [waited] = await raceAt(
    ["versions", b],
    [() => trashVersion(owner, versionRef(world, project, b))],
    async () => {
      previewId = (await previewPurge(later(owner, 1), { ...slugs, set: "all" })).id; // A alone
    },
  );
  const looked = later(owner, 1);
  expect(waited.outcome).toBe("trashed");
  // By its instant it was in Trash when that was listed.
  const { items } = await listTrash(looked, slugs);
  const [{ deletedAt }] = items.filter(({ id }) => id === b.id) as [TrashItem];
  expect(deletedAt.getTime()).toBeLessThan(looked.now.getTime());

  expect(await startPurge(looked, { ...slugs, previewId, confirm: a.name })).toMatchObject({
    items: 1,
    done: 1,
    left: 0,
  });
  expect((await listTrash(looked, slugs)).items.map(({ id }) => id)).toEqual([b.id]);
});
