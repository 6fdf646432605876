import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { checkInvariants } from "@/lib/testing/invariants";
import {
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
  versionRef,
} from "@/lib/testing/lifecycle";
import { systemContext } from "@/lib/domain/context";
import {
  cancelVersionGeneration,
  claimGeneration,
  completeGeneration,
  createVersion,
  failGeneration,
  type Generation,
  heartbeatGeneration,
  releaseGeneration,
  retryVersionGeneration,
} from "@/lib/domain/versions";
import {
  cancelTraining,
  claimTraining,
  failTraining,
  finishTraining,
  heartbeatTraining,
  releaseTraining,
  startTraining,
  stopTraining,
  type TrainingLease,
} from "@/lib/domain/trainings";
import {
  listTrash,
  purgeExpired,
  purgeItem,
  restoreProject,
  restoreTraining,
  restoreVersion,
  trashProject,
  trashTraining,
  trashVersion,
} from "@/lib/domain/trash";

const OPERATIONS = 4_000;
/** Which operations meet is the machine's choice: the storm goes on until it has been everywhere, but not for ever. */
const MOST_OPERATIONS = 80_000;
const AT_ONCE = 8;
const EVERYWHERE = [
  "trash version: trashed",
  "restore version: restored",
  "purge version: done",
  "trash project: trashed",
  "restore project: restored",
  "trash training: trashed",
  "restore version: purged",
  "start training: done",
  "create version: done",
  "finish: done",
  "cancel: cancelled",
  "retry: retried",
];

/** Mulberry32: the same storm at every run, as far as the machine lets it. */
function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

test("a storm of everything at once on one project ends with no deadlock, no error but a DomainError, and every rule kept", async () => {
  const world = await buildWorld();
  const project = await buildProject(world);
  const owner = await userContext(world);
  const expired = later(owner, -RETENTION_MS);
  const job = await systemContext("train");
  const cron = await scheduler(owner.now);
  const random = randomFrom(20_261_123);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

  const versions: { id: string; number: number }[] = [];
  /** What the quota must remember of each version that became ready. */
  const imagesOf = new Map<string, number>();
  for (let i = 0; i < 4; i++) {
    const version = await buildVersion(world, project, { images: 5 });
    versions.push(version);
    imagesOf.set(version.id, 5);
  }
  const trainings: { id: string }[] = [];
  const leases: TrainingLease[] = [];
  const generating: Generation[] = [];

  // Few items, so that most operations meet others; the latest ones, since the purged are no longer interesting.
  const version = () => pick(versions.slice(-5));
  const training = () => pick(trainings.slice(-6)) ?? { id: "none" };
  const actor = () => pick([owner, expired]);
  const operations: [weight: number, name: string, run: () => Promise<unknown>][] = [
    [6, "trash version", () => trashVersion(actor(), versionRef(world, project, version()))],
    [6, "restore version", () => restoreVersion(owner, trashedVersionRef(world, project, version()))],
    [2, "purge version", () => purgeItem(owner, itemRef(world, "VERSION", version()), UNBOUNDED)],
    [2, "trash project", () => trashProject(owner, projectRef(world, project))],
    [4, "restore project", () => restoreProject(owner, trashedProjectRef(world, project))],
    [3, "trash training", () => trashTraining(actor(), trainingRef(world, training()))],
    [3, "restore training", () => restoreTraining(owner, trainingRef(world, training()))],
    [1, "purge training", () => purgeItem(owner, itemRef(world, "TRAINING", training()), UNBOUNDED)],
    [2, "expire", () => purgeExpired(cron, UNBOUNDED)],
    [1, "list", () => listTrash(owner, { workspaceSlug: world.workspace.slug, limit: 10 })],
    [
      6,
      "start training",
      async () => trainings.push(await startTraining(owner, { ...versionRef(world, project, version()), epochs: 2 })),
    ],
    [
      5,
      "claim",
      async () => {
        const lease = await claimTraining(job, { trainingId: training().id });
        if (lease) leases.push(lease);
      },
    ],
    [
      2,
      "heartbeat",
      () =>
        leases.length
          ? heartbeatTraining(job, pick(leases.slice(-4)), [
              { epoch: 1, loss: 1, accuracy: 0.5, validLoss: null, validAccuracy: null },
            ])
          : Promise.resolve(),
    ],
    [
      4,
      "finish",
      () => (leases.length ? finishTraining(job, pick(leases.slice(-4)), { metrics: {} }) : Promise.resolve()),
    ],
    [
      1,
      "fail training",
      () => (leases.length ? failTraining(job, pick(leases.slice(-4)), "internal") : Promise.resolve()),
    ],
    [1, "release training", () => (leases.length ? releaseTraining(job, pick(leases.slice(-4))) : Promise.resolve())],
    [
      1,
      "cancel training",
      () => cancelTraining(owner, { ...versionRef(world, project, version()), trainingId: training().id }),
    ],
    [
      1,
      "stop training",
      () => stopTraining(owner, { ...versionRef(world, project, version()), trainingId: training().id }),
    ],
    [
      3,
      "create version",
      async () => {
        const images = 1 + Math.floor(random() * 9);
        versions.push(
          await createVersion(owner, { ...projectRef(world, project), name: "new", ...newVersion(images) }),
        );
      },
    ],
    [3, "cancel", () => cancelVersionGeneration(owner, versionRef(world, project, version()))],
    [
      4,
      "retry",
      () => retryVersionGeneration(owner, versionRef(world, project, version()), planOf(1 + Math.floor(random() * 9))),
    ],
    [
      6,
      "claim generation",
      async () => {
        const generation = await claimGeneration(job);
        if (generation) generating.push(generation);
      },
    ],
    [
      2,
      "heartbeat of a generation",
      async () => {
        const one = pick(generating.slice(-3));
        if (one) await heartbeatGeneration(job, one.lease, random());
      },
    ],
    [
      1,
      "release",
      async () => {
        const one = pick(generating.slice(-3));
        if (one) await releaseGeneration(job, one.lease);
      },
    ],
    [
      4,
      "complete",
      async () => {
        const one = pick(generating.slice(-3));
        if (one && (await completeGeneration(job, one.lease, generatedFacts(one.images))))
          imagesOf.set(one.lease.versionId, one.images);
      },
    ],
    [
      1,
      "fail",
      async () => {
        const one = pick(generating.slice(-3));
        if (one) await failGeneration(job, one.lease, { reason: "internal" });
      },
    ],
  ];
  const weighted = operations.flatMap(([weight, ...operation]) => Array.from({ length: weight }, () => operation));

  const seen = new Map<string, number>();
  const missing = () => EVERYWHERE.filter((outcome) => !seen.has(outcome));
  let done = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (done < OPERATIONS || (done < MOST_OPERATIONS && missing().length > 0)) {
        done++;
        const [name, run] = pick(weighted);
        const outcome = `${name}: ${await outcomeOf(run())}`; // throws what is no DomainError
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }
    }),
  );

  expect(missing(), "never seen in the storm").toEqual([]);
  const receipts = await prisma().purgeReceipt.findMany({
    where: { workspaceId: world.workspace.id, itemType: "VERSION" },
  });
  for (const receipt of receipts) expect(receipt.images).toBe(imagesOf.get(receipt.itemId) ?? 0); // a generation that was cancelled counts nothing
  const reserved = await prisma().version.aggregate({
    where: { workspaceId: world.workspace.id, status: "GENERATING" },
    _sum: { countedImages: true },
  });
  const ready = [...imagesOf.values()].reduce((sum, images) => sum + images, 0);
  await checkInvariants(world.workspace.id, { createdImages: ready + (reserved._sum.countedImages ?? 0) });
}, 300_000);
