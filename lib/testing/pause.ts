import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { bundle, makeBuildFolder } from "./bundle";
import type { PausedJobs } from "./paused-writer";

/** Writers in processes of their own that stop at a step. Built once; `remove` takes that away. */
export async function buildPausedWriters() {
  const { folder, remove } = makeBuildFolder();
  await bundle(folder, { steps: "lib/testing/watch-steps.ts", writer: "lib/testing/paused-writer.ts" });

  function start<K extends keyof PausedJobs>(job: K, input: PausedJobs[K], env: Record<string, string> = {}) {
    const [steps, writer] = ["steps", "writer"].map((name) => path.join(folder, `${name}.mjs`));
    return spawn(process.execPath, ["--import", steps!, writer!, job, JSON.stringify(input)], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...env },
    });
  }

  return {
    remove,
    /** The names of all steps of a job that nothing disturbs. */
    async listSteps<K extends keyof PausedJobs>(job: K, input: PausedJobs[K]): Promise<string[]> {
      const lines = await readLines(start(job, input));
      return lines.flatMap((line) => /^step \d+ (.*)$/.exec(line)?.[1] ?? []);
    },
    /**
     * Starts a job that stops just before a step, does `meanwhile`, and wakes it up, to go on to its end or to die at the
     * step after the next. null: it ended before it came to that step. Answers how it ended, and before what it stood.
     */
    async pauseAt<K extends keyof PausedJobs>(
      job: K,
      input: PausedJobs[K],
      at: { step: number; then: "go on" | "die" },
      meanwhile: (pid: number) => Promise<unknown>,
    ): Promise<{ stood: string; ended: string } | null> {
      const child = start(job, input, { PAUSE_AT: String(at.step), THEN: at.then === "die" ? "die" : "" });
      try {
        const closed = once(child, "close");
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        let stood = "";
        for (;;) {
          const { value, done } = await lines.next();
          if (done) return null;
          if (value === "paused") break;
          stood = value.replace(/^step \d+ /, "");
        }
        await untilStopped(child.pid!);
        await meanwhile(child.pid!);
        child.kill("SIGCONT");
        let ended = "";
        for (let line = await lines.next(); !line.done; line = await lines.next()) ended = line.value;
        await closed;
        return { stood, ended };
      } finally {
        child.kill("SIGKILL");
      }
    },
  };
}

/** It says that it is about to stop; woken before it has, it would stop for good. */
async function untilStopped(pid: number): Promise<void> {
  while (!execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).startsWith("T"))
    await new Promise((resolve) => setImmediate(resolve));
}

async function readLines(child: ChildProcess): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) lines.push(line);
  return lines;
}
