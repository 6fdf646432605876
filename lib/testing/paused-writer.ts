import { readFileSync } from "node:fs";
import { systemContext, type Context } from "@/lib/domain/context";
import { eraseFiles } from "@/lib/domain/trash";
import { disconnect } from "@/lib/platform/db";
import { buildExports } from "@/lib/work/exports/builder";
import { runTrainingNow } from "@/lib/work/trainings/runner";
import { uploadImage } from "@/lib/work/uploads/images";
import { generateVersionNow } from "@/lib/work/versions/generator";
import { userContext, type World } from "./builders";

/*
 * One piece of writing in a process of its own, to be stopped at any of its steps (watch-steps.ts):
 * `node --import watch-steps.mjs paused-writer.mjs <job> <json>`, with the environment of the test.
 */

export interface PausedJobs {
  generation: { versionId: string };
  export: object;
  upload: { world: World; projectSlug: string; file: string };
  training: { trainingId: string };
  erase: object;
}

const JOBS: { [K in keyof PausedJobs]: (ctx: Context, input: PausedJobs[K]) => Promise<unknown> } = {
  generation: (ctx, { versionId }) => generateVersionNow(ctx, versionId),
  export: (ctx) => buildExports(ctx, new AbortController().signal),
  upload: async (_ctx, { world, projectSlug, file }) =>
    uploadImage(await userContext(world), { workspaceSlug: world.workspace.slug, projectSlug }, [readFileSync(file)], {
      fileName: "a.png",
      label: null,
      split: null,
    }),
  erase: (ctx) => eraseFiles(ctx, new AbortController().signal),
  training: (_ctx, { trainingId }) =>
    runTrainingNow(
      async () => ({ weights: Buffer.alloc(5_000, 1), metrics: { accuracy: 1, elapsedMs: 1 } as never }),
      trainingId,
    ),
};

const [job, json] = process.argv.slice(2) as [keyof PausedJobs, string];
const ctx = await systemContext(job);
Object.assign(globalThis, { countSteps: true });
const ended = await JOBS[job](ctx, JSON.parse(json) as never).then(
  (result) => `ended with ${JSON.stringify(result)}`,
  (error: unknown) => `failed with ${String(error)}`,
);
Object.assign(globalThis, { countSteps: false });
console.log(ended);
await disconnect();
process.exit(0);
