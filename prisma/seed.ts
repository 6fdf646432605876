import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { systemContext, type Context } from "@/lib/domain/context";
import { createApiKey, createUser, getUserByEmail, setPassword } from "@/lib/domain/people";
import { createWorkspace, systemMembership } from "@/lib/domain/workspaces";
import { createProject } from "@/lib/domain/projects";
import { SPLITS } from "@/lib/domain/splits";
import { startTraining } from "@/lib/domain/trainings";
import { uploadImage } from "@/lib/work/uploads/images";
import { generateVersionNow } from "@/lib/work/versions/generator";
import { generateVersion } from "@/lib/work/versions/plan";
import { runTrainingNow } from "@/lib/work/trainings/runner";
import { readDigits } from "@/lib/engine/digits";
import type { Augmentation, Preprocessing } from "@/lib/engine/settings";
import { createChildTrainer } from "@/lib/engine/trainer/run-in-child";
import { databaseNow, disconnect, prisma } from "@/lib/platform/db";
import { env } from "@/lib/platform/env";
import { newId } from "@/lib/platform/id";
import { newPassword } from "@/lib/platform/secrets";

/*
 * Demo data for an empty embedded database: 600 real handwritten digits, three versions generated from them through the
 * real pipeline, a model trained on the first, which serves, and on each of the others a training that waits for a trainer
 * elsewhere, so that a delete has something to cancel. Its facts go to DATA_DIR/demo.json, written last: a seed that was killed
 * half way is carried on by the next start, each step making only what is not there.
 */

const EMAIL = "demo@example.com";
const WORKSPACE = "acme";
const PROJECT = "digits";
const IMAGES = 600;

const RESIZE = { width: 28, height: 28, format: "Stretch to" } as const;
const VERSIONS: { name: string; seed: number; preprocessing: Preprocessing; augmentation: Augmentation }[] = [
  {
    name: "digits baseline",
    seed: 1,
    preprocessing: { "auto-orient": true, resize: RESIZE, grayscale: true },
    augmentation: {},
  },
  {
    name: "digits rotated",
    seed: 2,
    preprocessing: { "auto-orient": true, resize: RESIZE, grayscale: true },
    augmentation: { image: { versions: 2 }, rotate: { degrees: 15 } },
  },
  {
    name: "digits noisy",
    seed: 3,
    preprocessing: { "auto-orient": true, resize: { ...RESIZE, width: 32, height: 32 }, grayscale: true },
    augmentation: { image: { versions: 2 }, rotate: { degrees: 10 }, noise: { percent: 5 } },
  },
];

/** The number of the version whose model serves. */
const SERVED = 1;

const demoFile = path.join(process.env["DATA_DIR"] ?? ".data", "demo.json");

function writeDemo(facts: Record<string, string>): void {
  writeFileSync(`${demoFile}.new`, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${demoFile}.new`, demoFile);
}

/** The user whose sign-in is printed. A password that nobody was shown is replaced. */
async function ensureOwner(): Promise<{ userId: string; name: string; password: string }> {
  const system = await systemContext("seed");
  const password = newPassword();
  if ((await prisma().user.count({ where: { email: EMAIL } })) === 0)
    await createUser(system, { email: EMAIL, name: "Ada Demo", password });
  else await setPassword(system, { email: EMAIL, password });
  const user = await getUserByEmail(system, EMAIL);
  if ((await prisma().workspace.count({ where: { slug: WORKSPACE } })) === 0)
    await createWorkspace(system, { slug: WORKSPACE, name: "Acme Vision", ownerEmail: EMAIL });
  return { userId: user.id, name: user.name, password };
}

async function ensureProject(ctx: Context): Promise<void> {
  const ref = { workspaceSlug: WORKSPACE, projectSlug: PROJECT };
  if ((await prisma().project.count({ where: { slug: PROJECT } })) === 0)
    await createProject(ctx, { ...ref, name: "Digits", type: "CLASSIFICATION", annotation: "digits" });
  for (const digit of await readDigits(IMAGES)) {
    await uploadImage(ctx, ref, [digit.png], {
      fileName: digit.fileName,
      split: SPLITS[digit.split],
      label: digit.label,
    });
  }
}

async function ensureVersions(ctx: Context): Promise<void> {
  const ref = { workspaceSlug: WORKSPACE, projectSlug: PROJECT };
  for (const [index, { name, seed, preprocessing, augmentation }] of VERSIONS.entries()) {
    const number = index + 1;
    const made = await prisma().version.findFirst({
      where: { number, project: { slug: PROJECT } },
      select: { id: true },
    });
    const { id } =
      made ??
      (await generateVersion({ ...ctx, now: await databaseNow() }, ref, {
        name,
        seed,
        splits: null,
        preprocessing,
        augmentation,
      }));
    const { nextTrainingNumber } = await whenReady(id);
    if (nextTrainingNumber === 1)
      await startTraining(
        { ...ctx, now: await databaseNow() },
        { ...ref, number, ...(number === SERVED ? {} : { modelType: "digits-classifier" }) },
      );
    if (number === SERVED) await whenTrained(id);
  }
}

/** Makes the version's files, or waits while somebody else does: a worker, or a seed that was killed and whose lease has to run out. */
async function whenReady(versionId: string): Promise<{ nextTrainingNumber: number }> {
  for (;;) {
    await generateVersionNow(await systemContext("seed"), versionId);
    const { status, failureReason, nextTrainingNumber } = await prisma().version.findUniqueOrThrow({
      where: { id: versionId },
      select: { status: true, failureReason: true, nextTrainingNumber: true },
    });
    if (status === "READY") return { nextTrainingNumber };
    if (status === "FAILED") throw new Error(`The demo version could not be generated: ${failureReason}.`);
    await setTimeout(1_000);
  }
}

/** Trains the version's first run, or waits as above. */
async function whenTrained(versionId: string): Promise<void> {
  const trainer = createChildTrainer(fileURLToPath(new URL("child.mjs", import.meta.url))); // built next to this file
  for (;;) {
    const { id, status, statusReason } = await prisma().training.findFirstOrThrow({ where: { versionId, number: 1 } });
    if (status === "FAILED") throw new Error(`The demo training failed: ${statusReason}.`);
    if (status !== "QUEUED" && status !== "RUNNING") return;
    if (!(await runTrainingNow(trainer, id))) await setTimeout(1_000);
  }
}

async function seed(): Promise<void> {
  if (existsSync(demoFile)) {
    const facts = JSON.parse(readFileSync(demoFile, "utf8")) as Record<string, string>;
    if (facts["url"] !== env().publicUrl) writeDemo({ ...facts, url: env().publicUrl });
    return;
  }
  const others = await prisma().user.count({ where: { email: { not: EMAIL } } });
  if (others > 0) return; // somebody's own data
  const { userId, name, password } = await ensureOwner();
  const membership = await systemMembership(WORKSPACE);
  const ctx: Context = {
    actor: { type: "USER", userId, name, memberships: [membership] },
    now: await databaseNow(),
    requestId: newId(),
  };
  console.log("Making demo data: 600 digits, three versions, a model …");
  await ensureProject(ctx);
  await ensureVersions(ctx);
  const { key } = await createApiKey(ctx, { workspaceSlug: WORKSPACE, userId, name: "demo" });
  writeDemo({ url: env().publicUrl, email: EMAIL, password, workspace: WORKSPACE, project: PROJECT, apiKey: key });
}

// Two first starts at once: the second waits here, then finds the first one's work.
const gate = new pg.Client({ connectionString: env().databaseUrl });
await gate.connect();
try {
  await gate.query("begin");
  await gate.query("select pg_advisory_xact_lock(7341)");
  await seed();
} finally {
  await gate.end();
  await disconnect();
}
