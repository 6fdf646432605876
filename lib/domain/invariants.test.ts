import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildImages, buildProject, buildWorld, userContext } from "@/lib/testing/builders";
import { checkInvariants } from "@/lib/testing/invariants";
import {
  DAY_MS,
  generatedFacts,
  itemRef,
  later,
  newVersion,
  outcomeOf,
  planOf,
  projectRef,
  RETENTION_MS,
  scheduler,
  trainingRef,
  trashedProjectRef,
  trashedVersionRef,
  UNBOUNDED,
  usedImages,
  versionRef,
} from "@/lib/testing/lifecycle";
import { storeRunWeights } from "@/lib/testing/run-weights";
import { systemContext, type Context } from "./context";
import {
  cancelVersionGeneration,
  claimGeneration,
  completeGeneration,
  createVersion,
  failGeneration,
  type Generation,
  retryVersionGeneration,
} from "@/lib/domain/versions";
import { claimTraining, finishTraining, startTraining } from "@/lib/domain/trainings";
import {
  purgeExpired,
  purgeItem,
  restoreImages,
  restoreProject,
  restoreTraining,
  restoreVersion,
  trashImages,
  trashProject,
  trashTraining,
  trashVersion,
} from "@/lib/domain/trash";
import { getUsageByProject } from "@/lib/domain/workspaces";

/*
 * The rules once more, in the fewest words, with neither locks nor SQL. Random histories are played to it and to the
 * domain, one act after the other; both must say the same and be in the same state after every step.
 */

interface Item {
  id: string;
  /** Milliseconds since the history began; null: not in Trash. */
  deletedAt: number | null;
  /** How it went for good, if it did; a training "with its version" leaves no receipt of its own, nor does an empty removal. */
  gone?: "by itself" | "with its parent" | "without a trace";
}
interface Training extends Item {
  version: Version;
  status: "QUEUED" | "FINISHED" | "CANCELLED";
}
interface Version extends Item {
  project: Project;
  number: number;
  images: number;
  status: "GENERATING" | "READY" | "FAILED";
}
interface Project extends Item {
  slug: string;
  nextNumber: number;
  /** Its images that are not in Trash. */
  live: string[];
}
/** Images that were removed together. */
interface Removal extends Item {
  project: Project;
  held: string[];
}

const QUOTA = 60;

class Model {
  projects: Project[] = [];
  versions: Version[] = [];
  trainings: Training[] = [];
  removals: Removal[] = [];

  used = (): number => this.versions.filter((v) => !v.gone).reduce((sum, v) => sum + v.images, 0);

  create(project: Project, images: number): string {
    if (project.gone) return "purged";
    if (project.deletedAt !== null) return "in_trash";
    return images > QUOTA - this.used() ? "quota_exceeded" : "done";
  }

  /** A project in Trash pauses what is being generated in it. */
  claim = (v: Version): boolean => !v.gone && v.status === "GENERATING" && v.project.deletedAt === null;

  fail(v: Version): void {
    if (!v.gone && v.status === "GENERATING") Object.assign(v, { status: "FAILED", images: 0 });
  }

  private hidden(v: Version): string | null {
    if (v.project.gone || v.gone) return "purged";
    if (v.project.deletedAt !== null) return "project_in_trash";
    return v.deletedAt === null ? null : "in_trash";
  }

  cancel(v: Version): string {
    const hidden = this.hidden(v);
    if (hidden) return hidden;
    if (v.status !== "GENERATING") return "not_generating";
    this.fail(v);
    return "cancelled";
  }

  retry(v: Version, images: number): string {
    const hidden = this.hidden(v);
    if (hidden) return hidden;
    if (v.status !== "FAILED") return v.status === "READY" ? "already_ready" : "already_generating";
    if (images > QUOTA - this.used()) return "quota_exceeded";
    Object.assign(v, { status: "GENERATING", images });
    return "retried";
  }

  start(v: Version): string {
    const hidden = this.hidden(v);
    if (hidden) return hidden;
    return { FAILED: "generation_failed", GENERATING: "not_ready", READY: v.images < 2 ? "not_trainable" : "done" }[
      v.status
    ];
  }

  run = (t: Training): boolean => !t.gone && t.status === "QUEUED" && (t.status = "FINISHED") === "FINISHED";

  private cancelTrainings(of: (v: Version) => boolean): void {
    for (const t of this.trainings) if (!t.gone && t.status === "QUEUED" && of(t.version)) t.status = "CANCELLED";
  }

  trashProject(p: Project, now: number): string {
    if (p.gone) return "purged";
    if (p.deletedAt !== null) return "already_in_trash";
    p.deletedAt = now;
    this.cancelTrainings((v) => v.project === p);
    return "trashed";
  }

  trashVersion(v: Version, now: number): string {
    if (v.project.gone || v.gone) return "purged";
    if (v.project.deletedAt !== null) return "project_in_trash";
    if (v.deletedAt !== null) return "already_in_trash";
    this.fail(v);
    v.deletedAt = now;
    this.cancelTrainings((of) => of === v);
    return "trashed";
  }

  trashTraining(t: Training, now: number): string {
    if (t.gone) return t.gone === "by itself" ? "purged" : "not_found";
    if (t.version.project.deletedAt !== null) return "project_in_trash";
    if (t.version.deletedAt !== null) return "in_trash";
    if (t.deletedAt !== null) return "already_in_trash";
    if (t.status === "QUEUED") return "training_active";
    t.deletedAt = now;
    return "trashed";
  }

  /** What removing images says; which go is the caller's to note. */
  trashImages(p: Project, ids: readonly string[]): string {
    if (p.gone) return "purged";
    if (p.deletedAt !== null) return "in_trash";
    return ids.length === 0 ? "not_found" : "trashed";
  }

  private lost = (r: Removal): string => (r.gone === "without a trace" ? "not_found" : "purged");

  restoreImages(r: Removal, ids: readonly string[]): string {
    if (r.gone) return this.lost(r);
    if (r.project.deletedAt !== null) return "parent_in_trash";
    if (r.deletedAt === null) return "already_active";
    r.project.live.push(...ids);
    r.held = r.held.filter((id) => !ids.includes(id));
    if (r.held.length === 0) r.deletedAt = null;
    return "restored";
  }

  purgeImages(r: Removal): string {
    return r.gone ? this.lost(r) : this.purge(r);
  }

  restore(item: Item, parents: Item[]): string {
    if (item.gone) return item.gone === "by itself" || "number" in item ? "purged" : "not_found";
    if (parents.some((p) => p.deletedAt !== null)) return "parent_in_trash";
    if (item.deletedAt === null) return "already_active";
    item.deletedAt = null;
    return "restored";
  }

  purge(item: Item): string {
    if (item.gone) return item.gone === "by itself" || "number" in item ? "purged" : "not_found";
    if (item.deletedAt === null) return "not_in_trash";
    this.remove(item);
    return "done";
  }

  private remove(item: Item): void {
    item.gone = "by itself";
    for (const v of this.versions) if (!v.gone && v.project === item) v.gone = "with its parent";
    for (const r of this.removals)
      if (!r.gone && r.project === item) r.gone = r.deletedAt === null ? "without a trace" : "with its parent";
    for (const t of this.trainings)
      if (!t.gone && (t.version === item || t.version.project === item)) t.gone = "with its parent";
  }

  expire(now: number): void {
    const due = [...this.projects, ...this.versions, ...this.trainings, ...this.removals].filter(
      (i) => !i.gone && i.deletedAt !== null && i.deletedAt + RETENTION_MS <= now,
    );
    for (const item of due.sort((a, b) => a.deletedAt! - b.deletedAt! || (a.id < b.id ? -1 : 1)))
      if (!item.gone) this.remove(item);
  }

  state() {
    const rows = (items: readonly (Item & { images?: number; status?: string })[]) =>
      items
        .filter((i) => !i.gone)
        .map(({ id, deletedAt, images, status }) => ({
          id,
          deletedAt,
          ...(status ? { status } : {}),
          ...(images === undefined ? {} : { images }),
        }));
    return {
      projects: rows(this.projects),
      versions: rows(this.versions),
      trainings: rows(this.trainings),
      removals: rows(this.removals.map((r) => ({ ...r, images: r.held.length }))),
      live: this.projects.filter((p) => !p.gone).map((p) => p.live.length),
      models: this.trainings.filter((t) => !t.gone && t.status === "FINISHED").length,
    };
  }
}

/** Acts and how often they come: the ones without which the others have nothing to do come most often. */
const WEIGHTS = {
  create: 4, complete: 5, fail: 1, cancel: 2, retry: 3, start: 5, run: 5, wait: 2, expire: 1,
  "trash version": 3, "restore version": 4, "purge version": 1,
  "trash project": 2, "restore project": 4, "purge project": 1,
  "trash training": 3, "restore training": 3, "purge training": 1,
  upload: 3, "remove images": 3, "restore images": 3, "purge images": 1,
}; // prettier-ignore
type Kind = keyof typeof WEIGHTS;
const ACTS = Object.entries(WEIGHTS).flatMap(([kind, weight]) => Array.from({ length: weight }, () => kind as Kind));

/** An act; `on` chooses the item, `much` how many images or days. */
const act = fc.record({ kind: fc.constantFrom(...ACTS), on: fc.nat(1000), much: fc.integer({ min: 1, max: 20 }) });

/** Recent items are chosen more often, so that acts meet. */
const choose = <T>(items: readonly T[], on: number): T | undefined =>
  items.at(-1 - (on % Math.min(items.length || 1, on % 4 === 0 ? 1000 : 4)));

async function play(history: readonly { kind: Kind; on: number; much: number }[]): Promise<void> {
  const world = await buildWorld({ imageQuota: QUOTA });
  const model = new Model();
  for (let i = 0; i < 2; i++) {
    const { id, slug } = await buildProject(world);
    model.projects.push({ id, slug, deletedAt: null, nextNumber: 1, live: [] });
  }
  const began = await userContext(world);
  const job = await systemContext("generate");
  let now = 0;
  let created = 0;

  async function claimed(v: Version, run: (generation: Generation) => Promise<void>): Promise<void> {
    const generation = await claimGeneration(job, { versionId: v.id });
    expect(generation !== null).toBe(model.claim(v));
    if (generation) await run(generation);
  }

  async function step(kind: Kind, on: number, much: number): Promise<void> {
    const ctx: Context = later(began, now);
    const p = choose(model.projects, on)!;
    const v = choose(model.versions, on);
    const t = choose(model.trainings, on);
    const r = choose(model.removals, on);
    const same = async (said: Promise<unknown>, expected: string) => expect(await outcomeOf(said)).toBe(expected);
    const versionItem = v && { ...trashedVersionRef(world, v.project, v), ...versionRef(world, v.project, v) };
    switch (kind) {
      case "create": {
        const expected = model.create(p, much);
        const made = createVersion(ctx, { ...projectRef(world, p), name: "v", ...newVersion(much) });
        await same(made, expected);
        if (expected !== "done") return;
        const { id, number } = await made;
        expect(number).toBe(p.nextNumber++);
        model.versions.push({ id, number, project: p, images: much, status: "GENERATING", deletedAt: null });
        created += much;
        return;
      }
      case "complete":
        if (!v) return;
        return claimed(v, async ({ lease, images }) => {
          expect(await completeGeneration(job, lease, generatedFacts(images))).toBe(true);
          v.status = "READY";
        });
      case "fail":
        if (!v) return;
        return claimed(v, async ({ lease, images }) => {
          await failGeneration(job, lease, { reason: "internal" });
          model.fail(v);
          created -= images;
        });
      case "cancel": {
        if (!v) return;
        const { images } = v;
        const expected = model.cancel(v);
        if (expected === "cancelled") created -= images;
        return same(cancelVersionGeneration(ctx, versionItem!), expected);
      }
      case "retry": {
        if (!v) return;
        const expected = model.retry(v, much);
        if (expected === "retried") created += much;
        return same(retryVersionGeneration(ctx, versionItem!, planOf(much)), expected);
      }
      case "start": {
        if (!v) return;
        const expected = model.start(v);
        const started = startTraining(ctx, { ...versionRef(world, v.project, v), epochs: 1 });
        await same(started, expected);
        if (expected === "done")
          model.trainings.push({ id: (await started).id, version: v, status: "QUEUED", deletedAt: null });
        return;
      }
      case "run": {
        if (!t) return;
        const lease = await claimTraining(job, { trainingId: t.id });
        expect(lease !== null).toBe(model.run(t));
        if (lease) expect(await finishTraining(job, await storeRunWeights(lease), { metrics: {} })).not.toBeNull();
        return;
      }
      case "trash version":
        if (!v) return;
        if (model.start(v) === "not_ready") created -= v.images;
        return same(trashVersion(ctx, versionItem!), model.trashVersion(v, now));
      case "restore version":
        return v && same(restoreVersion(ctx, versionItem!), model.restore(v, [v.project]));
      case "purge version":
        return v && same(purgeItem(ctx, itemRef(world, "VERSION", v), UNBOUNDED), model.purge(v));
      case "trash project":
        return same(trashProject(ctx, projectRef(world, p)), model.trashProject(p, now));
      case "restore project":
        return same(restoreProject(ctx, trashedProjectRef(world, p)), model.restore(p, []));
      case "purge project": {
        // A version that was still being generated goes with what it reserved.
        await same(purgeItem(ctx, itemRef(world, "PROJECT", p), UNBOUNDED), model.purge(p));
        if (!p.gone || model.projects.some((other) => !other.gone)) return;
        const { id, slug } = await buildProject(world);
        return void model.projects.push({ id, slug, deletedAt: null, nextNumber: 1, live: [] });
      }
      case "trash training":
        return t && same(trashTraining(ctx, trainingRef(world, t)), model.trashTraining(t, now));
      case "restore training":
        return t && same(restoreTraining(ctx, trainingRef(world, t)), model.restore(t, [t.version, t.version.project]));
      case "purge training":
        return t && same(purgeItem(ctx, itemRef(world, "TRAINING", t), UNBOUNDED), model.purge(t));
      case "upload":
        if (!p.gone && p.deletedAt === null) p.live.push(...(await buildImages(p, 1 + (much % 3))));
        return;
      case "remove images": {
        const imageIds = p.live.slice(0, 1 + (much % 3));
        const expected = model.trashImages(p, imageIds);
        const removed = trashImages(ctx, { ...projectRef(world, p), images: { imageIds } });
        await same(removed, expected);
        if (expected !== "trashed") return;
        const result = await removed;
        if (result.outcome !== "trashed") return;
        p.live = p.live.filter((id) => !imageIds.includes(id));
        return void model.removals.push({ id: result.id, project: p, held: imageIds, deletedAt: now });
      }
      case "restore images": {
        if (!r) return;
        const imageIds = much % 2 === 0 ? [...r.held] : r.held.slice(0, 1);
        const ref = { workspaceSlug: world.workspace.slug, removalId: r.id };
        // by all of their ids is the same as without any
        return same(restoreImages(ctx, much % 4 === 0 ? ref : { ...ref, imageIds }), model.restoreImages(r, imageIds));
      }
      case "purge images":
        return r && same(purgeItem(ctx, itemRef(world, "IMAGES", r), UNBOUNDED), model.purgeImages(r));
      case "wait":
        return void (now += much * DAY_MS + 1);
      case "expire":
        model.expire(now);
        expect(await purgeExpired(await scheduler(ctx.now), UNBOUNDED)).toMatchObject({ failed: 0, remaining: 0 });
    }
  }

  async function state() {
    const where = { workspaceId: world.workspace.id };
    const at = (instant: Date | null) => (instant ? instant.getTime() - began.now.getTime() : null);
    const orderBy = { id: "asc" } as const;
    const [projects, versions, trainings, removals, live, models] = await Promise.all([
      prisma().project.findMany({ where, orderBy }),
      prisma().version.findMany({ where, orderBy }),
      prisma().training.findMany({ where, orderBy }),
      prisma().imageRemoval.findMany({ where, orderBy }),
      prisma().project.findMany({
        where,
        select: { id: true, images: { where: { removalId: null }, select: { id: true } } },
      }),
      prisma().model.count({ where }),
    ]);
    return {
      projects: projects.map(({ id, deletedAt }) => ({ id, deletedAt: at(deletedAt) })),
      versions: versions.map(({ id, deletedAt, status, countedImages }) => ({
        id,
        deletedAt: at(deletedAt),
        status,
        images: countedImages,
      })),
      trainings: trainings.map(({ id, deletedAt, status }) => ({ id, deletedAt: at(deletedAt), status })),
      removals: removals.map(({ id, deletedAt, images }) => ({ id, deletedAt: at(deletedAt), images })),
      live: model.projects.flatMap(({ id }) => live.find((one) => one.id === id)?.images.length ?? []),
      models,
    };
  }

  for (const [i, { kind, on, much }] of history.entries()) {
    try {
      await step(kind, on, much);
      expect(await state()).toEqual(model.state());
      expect(await usedImages(world)).toBe(model.used());
    } catch (error) {
      if (error instanceof Error) error.message = `step ${i + 1}, ${kind} on ${on} (${much}): ${error.message}`;
      throw error;
    }
  }
  await checkInvariants(world.workspace.id, { createdImages: created });
  const { usedImages: used, live, trash } = await getUsageByProject(began, world.workspace.slug);
  expect([used, live.images + trash.images]).toEqual([model.used(), model.used()]);
}

test("whatever is done in whatever order, the domain says and does what the rules say, and usage is the sum of its rows", async () => {
  await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 60, maxLength: 110, size: "max" }), play), {
    numRuns: 6 * inject("rounds"),
    seed: 20_261_123,
    endOnFailure: true,
  });
}, 300_000);
