// `npm test`: types, lint and all tests, one after the other, all of them even when one fails. The last line counts:
// every test is one, and every other step is one.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { projectRoot } from "./data-dir.mjs";

const require = createRequire(import.meta.url);
const scratch = mkdtempSync(path.join(os.tmpdir(), "reprieve-test-"));
const report = path.join(scratch, "vitest.json");
const browserReport = path.join(scratch, "playwright.json");

/** A package's command, found through its package.json: bin files are not among a package's exports. */
function binOf(name, command = name) {
  const manifest = path.join(projectRoot, "node_modules", name, "package.json");
  const { bin } = require(manifest);
  return path.join(path.dirname(manifest), typeof bin === "string" ? bin : bin[command]);
}

// A machine that stalls must not stop a change: every test has a second go, and those that needed it are named.
const STEPS = [
  { title: "Prisma client", bin: ["prisma"], args: ["generate"] },
  { title: "Types", bin: ["typescript", "tsc"], args: ["--noEmit"] },
  { title: "Lint", bin: ["eslint"], args: [".", "--max-warnings", "0"] },
  {
    title: "Tests",
    bin: ["vitest"],
    args: ["run", "--retry=1", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    env: { NODE_ENV: "test" },
    count: countTests,
  },
  {
    title: "Browser tests",
    bin: ["@playwright/test", "playwright"],
    args: ["test", "--reporter=list,json"],
    env: { CI: "1", PLAYWRIGHT_JSON_OUTPUT_NAME: browserReport },
    count: countBrowserTests,
  },
];

const total = { passed: 0, failed: 0, skipped: 0 };
for (const step of STEPS) {
  console.log(`\n=== ${step.title} ===`);
  const ok = await run(step).catch((error) => {
    console.error(error.message);
    return false;
  });
  const result = step.count ? step.count(ok) : { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
  for (const key of Object.keys(total)) total[key] += result[key];
}
rmSync(scratch, { recursive: true, force: true });
process.exitCode = total.failed > 0 ? 1 : 0;
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);

async function run({ bin, args, env }) {
  const file = binOf(...bin);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], {
      cwd: projectRoot,
      stdio: "inherit",
      env: { ...process.env, CHECKPOINT_DISABLE: "1", NEXT_TELEMETRY_DISABLED: "1", ...env },
    });
    child.once("error", reject).once("exit", (code) => resolve(code === 0));
  });
}

function countTests(ok) {
  let result = null;
  try {
    result = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }; // it ended before it could report
  }
  // a file that does not even load has no failed test, and an error outside of any test has no file: both must count
  const brokenFiles = result.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failed = result.numFailedTests + brokenFiles;
  for (const { name, assertionResults } of result.testResults) {
    for (const { fullName, status, failureMessages } of assertionResults) {
      if (status === "passed" && failureMessages.length > 0)
        console.log(
          `\npassed only when run again: ${path.relative(projectRoot, name)} › ${fullName}\n${failureMessages[0]}`,
        );
    }
  }
  return {
    passed: result.numPassedTests,
    failed: failed === 0 && !ok ? 1 : failed,
    skipped: result.numPendingTests + (result.numTodoTests ?? 0),
  };
}

function countBrowserTests(ok) {
  try {
    const { expected, unexpected, flaky, skipped } = JSON.parse(readFileSync(browserReport, "utf8")).stats;
    if (flaky > 0)
      console.log(`\n${flaky} browser test${flaky === 1 ? "" : "s"} passed only when run again: see "flaky" above`);
    return { passed: expected + flaky, failed: unexpected === 0 && !ok ? 1 : unexpected, skipped };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }; // it ended before it could report: no browser, or no build
  }
}
