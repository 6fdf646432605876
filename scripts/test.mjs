// `npm test`, and `npm run test:long` with "long": steps, all of them even when one fails. The last line counts: every
// test is one, and every other step is one.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { projectRoot } from "./data-dir.mjs";
import { readPlaywright, readVitest } from "./test-reports.mjs";

/**
 * @typedef {import("./test-reports.mjs").Result} Result
 * @typedef {{ title: string, script: string, args?: string[], env?: Record<string, string>, read?: (ok: boolean) => Result }} Step
 */

const require = createRequire(import.meta.url);
const scratch = mkdtempSync(path.join(os.tmpdir(), "reprieve-test-"));
const SLOWEST = 20;

/** A package's command, found through its package.json: bin files are not among a package's exports. */
function binOf(name = "", command = name) {
  const manifest = path.join(projectRoot, "node_modules", name, "package.json");
  const { bin } = require(manifest);
  return path.join(path.dirname(manifest), typeof bin === "string" ? bin : bin[command]);
}

/** @returns {Step} */
function vitest(title = "", args = [""]) {
  const report = path.join(scratch, "vitest.json");
  return {
    title,
    script: binOf("vitest"),
    args: ["run", ...args, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    env: { NODE_ENV: "test" },
    read: (ok) => readVitest(report, ok),
  };
}

/** @returns {Step} */
function playwright(title = "", args = [""]) {
  const report = path.join(scratch, "playwright.json");
  return {
    title,
    script: binOf("@playwright/test", "playwright"),
    args: ["test", "--reporter=list,json", ...args],
    env: { CI: "1", PLAYWRIGHT_JSON_OUTPUT_NAME: report },
    read: (ok) => readPlaywright(report, ok),
  };
}
const LONG = "@long|\\.long\\.spec"; // by a tag, or as a file

/*
 * Rows one after the other, the lanes of a row side by side. The checks, which take one core, stand beside the build and
 * the first tests, which wait a little for clocks and locks; the browser tests leave no core idle.
 */
/** @type {Step[][][]} */
const PLAN = [
  [[{ title: "Prisma client and tools", script: "scripts/build.mjs", args: ["tools"] }]],
  [
    [
      { title: "Commits", script: "scripts/check-commits.mjs" },
      { title: "Types", script: binOf("oxlint") },
      { title: "Format", script: binOf("prettier"), args: ["--check", ".", "--log-level", "warn"] },
      { title: "Lint", script: binOf("eslint"), args: [".", "--max-warnings", "0"] },
      {
        title: "Arrows",
        script: binOf("dependency-cruiser", "depcruise"),
        args: ["app", "lib", "pages", "scripts", "prisma", "i18n", "e2e"],
      },
    ],
    [{ title: "Production build", script: "scripts/build.mjs" }, vitest("Tests")],
  ],
  [[playwright("Browser tests", ["--grep-invert", LONG])]],
];
/** @type {Step[][][]} */
const LONG_PLAN = [
  PLAN[0] ?? [],
  [[vitest("Long tests", ["--config", "vitest.long.config.ts"])]],
  [[playwright("Long browser tests", ["--grep", LONG])]],
];

/** @type {{ title: string, seconds: number, result: Result }[]} */
const done = [];
const startedAt = performance.now();
for (const lanes of process.argv[2] === "long" ? LONG_PLAN : PLAN) {
  const alone = lanes.length === 1;
  await Promise.all(
    lanes.map(async (lane) => {
      for (const step of lane) await take(step, alone);
    }),
  );
}
rmSync(scratch, { recursive: true, force: true });
const seconds = (performance.now() - startedAt) / 1000;

for (const note of done.flatMap(({ result }) => result.notes)) console.log(`\n${note}`);
const slowest = done
  .flatMap(({ result }) => result.tests)
  .sort((a, b) => b.ms - a.ms)
  .slice(0, SLOWEST);
console.log(`\nThe slowest ${slowest.length} tests:`);
for (const { name, ms } of slowest) console.log(`${(ms / 1000).toFixed(1).padStart(7)} s  ${name}`);
console.log("\nThe steps:");
for (const step of done) console.log(`${step.seconds.toFixed(1).padStart(7)} s  ${step.title}`);
console.log(`${seconds.toFixed(1).padStart(7)} s  in all`);

const sum = (/** @type {"passed" | "failed" | "skipped"} */ key) =>
  done.reduce((total, { result }) => total + result[key], 0);
process.exitCode = sum("failed") > 0 ? 1 : 0;
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);

/**
 * Runs a step. One that has company says everything at its end, so that no two speak at once.
 * @param {Step} step
 * @param {boolean} alone
 */
async function take(step, alone) {
  const heading = `\n=== ${step.title} ===`;
  if (alone) console.log(heading);
  const before = performance.now();
  const { ok, said } = await run(step, alone);
  if (!alone) process.stdout.write(`${heading}\n${said}`);
  done.push({
    title: step.title,
    seconds: (performance.now() - before) / 1000,
    result: step.read?.(ok) ?? { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, notes: [], tests: [] },
  });
}

/**
 * @param {Step} step
 * @param {boolean} alone
 * @returns {Promise<{ ok: boolean, said: string }>}
 */
function run({ script, args = [], env }, alone) {
  return new Promise((resolve) => {
    /** @type {Buffer[]} */
    const said = [];
    const child = spawn(process.execPath, [script, ...args], {
      cwd: projectRoot,
      stdio: alone ? "inherit" : ["ignore", "pipe", "pipe"],
      env: { ...process.env, CHECKPOINT_DISABLE: "1", NEXT_TELEMETRY_DISABLED: "1", ...env },
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => said.push(chunk));
    child
      .once("error", (error) => resolve({ ok: false, said: `${error.message}\n` }))
      .once("close", (code) => resolve({ ok: code === 0, said: Buffer.concat(said).toString() }));
  });
}
