import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { cancelTraining, startTraining } from "@/lib/domain/trainings";
import { eraseFiles, purgeItem, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { cancelVersionGeneration } from "@/lib/domain/versions";
import { prisma, query } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "./builders";
import { itemRef, projectRef, trainingRef, versionRef } from "./lifecycle";
import { buildPausedWriters } from "./pause";
import type { PausedJobs } from "./paused-writer";
import { photo } from "./pixels";
import { uploadDigits } from "./real-version";
import { verifyVersionFiles } from "@/lib/work/versions/files";
import { generateVersionNow } from "@/lib/work/versions/generator";
import { generateVersion, retryVersion } from "@/lib/work/versions/plan";
import { sweepFiles } from "@/lib/work/sweep";

/*
 * A writer is paused before each of its steps, a process stopped by SIGSTOP, and what it writes for is purged and proved
 * meanwhile, or made anew by another. Then it wakes up, and goes on or dies. The steps are those that a run has which
 * nothing disturbs: whatever touches the store or the database, each kind once.
 */

const UNBOUNDED = new AbortController().signal;
const PLAIN = { preprocessing: {}, augmentation: {}, splits: null, seed: 7 };
const IMAGES = 3;
/** The kind of store that a file of tests has. */
export interface FencedStore {
  /** What lies under a prefix that nothing should be under, empty folders included; or the files alone. */
  left(prefix: string, what?: "files"): Promise<string[]>;
  /** Puts the store's clock ahead, so that a signature made before is over; 0: back again. */
  goAhead?(ms: number): void;
  /** Steps that a generation has among others. */
  kinds: readonly string[];
  /** Of the steps that only ask the database, one in so many has a round; 1: each. */
  askingStepsEach: number;
  roundsAtOnce: number;
}

const HOUR_MS = 60 * 60_000;

/** What changes the store, or is about to: here a death leaves most. */
const CHANGES = /^(mkdir|open|rename|rm|rmdir|unlink|http (PUT|POST|DELETE))/;

interface Round<K extends keyof PausedJobs> {
  job: K;
  /** The time of its grants is over before it wakes up. */
  overtaken: boolean;
  /** What is written for; a new one for each round. */
  begin: () => Promise<{
    input: PausedJobs[K];
    meanwhile: () => Promise<unknown>;
    check: (when: string) => Promise<void>;
  }>;
}

/** Runs every round on the store of the file that calls this. */
export function describeFences(store: FencedStore): void {
  let writers: Awaited<ReturnType<typeof buildPausedWriters>>;
  let world: World;
  let project: Awaited<ReturnType<typeof buildProject>>;
  beforeAll(async () => {
    writers = await buildPausedWriters();
    world = await buildWorld();
    project = await buildProject(world);
    await uploadDigits(world, project, IMAGES);
  });
  afterAll(() => writers.remove());

  const ctx = () => userContext(world);
  const job = () => systemContext("test");
  const begin = async (of = project) => generateVersion(await ctx(), projectRef(world, of), PLAIN);

  /** Purged by hand, its grants over as time ends them, its files removed, its receipt verified. */
  async function purgeAndProve(type: "PROJECT" | "VERSION" | "TRAINING", item: { id: string }): Promise<void> {
    await purgeItem(await ctx(), itemRef(world, type, item), UNBOUNDED);
    await query(
      {
        text: "update purge_receipts set writers_until = now() - interval '1 hour', next_attempt_at = null where item_id = $1",
      },
      [item.id],
    );
    const receipt = () =>
      prisma().purgeReceipt.findUniqueOrThrow({ where: { itemType_itemId: { itemType: type, itemId: item.id } } });
    while ((await receipt()).verifiedAt === null) await eraseFiles(await job(), UNBOUNDED); // another round may be at it
  }

  /** What a connection that stands still in a transaction comes to: PostgreSQL ends it. */
  const endIdleTransactions = (pid: number) =>
    query(
      {
        text: "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = $1 and state like 'idle in transaction%'",
      },
      [`paused-${pid}`],
    );

  /** A round for each kind of step, some at once; a writer that dies, only around what changes the store. Answers the steps. */
  async function atEachStep<K extends keyof PausedJobs>(round: Round<K>, then: "go on" | "die"): Promise<string[]> {
    const steps = await writers.listSteps(round.job, (await round.begin()).input);
    const firsts = [...new Map([...steps.entries()].reverse().map(([index, name]) => [name, index + 1])).entries()];
    const asking = firsts.filter(([name]) => !CHANGES.test(name)).map(([name]) => name);
    const isTurn = (name: string) => CHANGES.test(name) || asking.indexOf(name) % store.askingStepsEach === 0;
    const queue = firsts.filter(([name]) => (then === "go on" ? isTurn(name) : CHANGES.test(name))).values();
    await Promise.all(
      Array.from({ length: store.roundsAtOnce }, async () => {
        for (const [name, step] of queue) {
          const { input, meanwhile, check } = await round.begin();
          const at = { step, then };
          const one = await writers.pauseAt(round.job, input, at, async (pid) => {
            await endIdleTransactions(pid);
            await meanwhile();
            if (round.overtaken) store.goAhead?.(HOUR_MS);
          });
          store.goAhead?.(0);
          if (one) await check(`${round.job} paused before step ${step}, ${one.stood} (${name}); ${one.ended}`);
        }
      }),
    );
    return firsts.map(([name]) => name);
  }

  describe.each(["go on", "die"] as const)("a writer that was paused and would then %s", (then) => {
    test("leaves nothing of a version that another generated and that was purged", async () => {
      const round: Round<"generation"> = {
        job: "generation",
        overtaken: true,
        async begin() {
          const version = await begin();
          const ref = versionRef(world, project, version);
          return {
            input: { versionId: version.id },
            async meanwhile() {
              await cancelVersionGeneration(await ctx(), ref);
              await retryVersion(await ctx(), ref);
              await generateVersionNow(await job(), version.id);
              await trashVersion(await ctx(), ref);
              await purgeAndProve("VERSION", version);
            },
            check: async (when) => expect(await store.left(`versions/${version.id}/`), when).toEqual([]),
          };
        },
      };
      const steps = await atEachStep(round, then);
      for (const kind of [...store.kinds, "query insert into generation_chunks", "query with ready as"])
        expect(
          steps.some((step) => step.startsWith(kind)),
          kind,
        ).toBe(true);
    }, 600_000);

    test("replaces nothing of a version that another made ready from other labels", async () => {
      const round: Round<"generation"> = {
        job: "generation",
        overtaken: false, // its grant may still run: what it writes then is nobody's
        async begin() {
          const own = await buildProject(world);
          await uploadDigits(world, own, IMAGES);
          await prisma().image.updateMany({ where: { projectId: own.id }, data: { label: "before" } });
          const version = await begin(own);
          const ref = versionRef(world, own, version);
          return {
            input: { versionId: version.id },
            async meanwhile() {
              await cancelVersionGeneration(await ctx(), ref);
              const [image] = await prisma().image.findMany({ where: { projectId: own.id }, take: 1 });
              await prisma().image.update({ where: { id: image!.id }, data: { label: "after" } });
              await retryVersion(await ctx(), ref);
              await generateVersionNow(await job(), version.id);
            },
            async check(when) {
              const verified = await verifyVersionFiles(await ctx(), ref);
              expect(verified, when).toMatchObject({ ok: true, files: IMAGES });
              await query(
                { text: "update grants set until = now() - interval '1 hour', ended_at = null where version_id = $1" },
                [version.id],
              );
              for (let swept = 1; swept > 0;) {
                await sweepFiles(await job(), UNBOUNDED);
                swept = await prisma().grant.count({ where: { versionId: version.id } });
              }
              expect(await store.left(`versions/${version.id}/`, "files"), when).toHaveLength(IMAGES + 1);
            },
          };
        },
      };
      await atEachStep(round, then);
    }, 600_000);

    test("leaves nothing of an upload into a project that was purged", async () => {
      const folder = mkdtempSync(path.join(tmpdir(), "photo-"));
      const file = path.join(folder, "a.png");
      writeFileSync(file, await photo(64, 48));
      const round: Round<"upload"> = {
        job: "upload",
        overtaken: true,
        async begin() {
          const other = await buildProject(world);
          return {
            input: { world, projectSlug: other.slug, file },
            async meanwhile() {
              await trashProject(await ctx(), projectRef(world, other));
              await purgeAndProve("PROJECT", other);
            },
            async check(when) {
              expect(await store.left(`projects/${other.id}/`), when).toEqual([]);
              if (then === "go on")
                expect(when).toMatch(
                  /not_found|purged|in_trash|busy|Connection terminated|terminating connection|"duplicate":false/,
                );
            },
          };
        },
      };
      await atEachStep(round, then);
      rmSync(folder, { recursive: true });
    }, 600_000);

    test("leaves nothing of weights whose training was purged", async () => {
      const version = await begin();
      await generateVersionNow(await job(), version.id);
      const ref = versionRef(world, project, version);
      await prisma().version.update({
        where: { id: version.id },
        data: { classes: { a: 2, b: 1 }, trainImages: IMAGES, validImages: 0, testImages: 0 },
      });
      const round: Round<"training"> = {
        job: "training",
        overtaken: true,
        async begin() {
          const training = await startTraining(await ctx(), { ...ref, epochs: 1 });
          return {
            input: { trainingId: training.id },
            async meanwhile() {
              await cancelTraining(await ctx(), { ...ref, trainingId: training.id });
              await trashTraining(await ctx(), trainingRef(world, training));
              await purgeAndProve("TRAINING", training);
            },
            check: async (when) =>
              expect(await store.left(`versions/${version.id}/trainings/${training.id}/`), when).toEqual([]),
          };
        },
      };
      await atEachStep(round, then);
    }, 600_000);
  });
}
