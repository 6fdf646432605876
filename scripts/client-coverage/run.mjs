// `npm run client-coverage -- --sdk FOLDER`: runs every command and method of a checkout of the official client against a
// product of its own, every other host blocked, and prints what became of each: cases.py names them, driver.py runs and
// judges them. Exit code 1 when one crashes or confuses and not by the client's own doing.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../data-dir.mjs";
import { withScratchProduct } from "../scratch-product.mjs";

const USAGE = `npm run client-coverage -- --sdk FOLDER [--python PYTHON] [--only TEXT] [--out FILE.md]

FOLDER is a checkout of roboflow-python; PYTHON a Python that has its dependencies (python3 unless given); TEXT keeps the
cases whose name has it.`;

/** @typedef {{ group: string, what: string, verdict: string, calls: string[], says: string, note: string }} Row */

const VERDICTS = ["works", "clear refusal", "confusing", "crash", "external host", "local", "client's own"];

const { values } = parseArgs({
  options: {
    sdk: { type: "string" },
    python: { type: "string", default: "python3" },
    only: { type: "string", default: "" },
    out: { type: "string" },
  },
});
if (values.sdk === undefined) {
  console.log(`No checkout of the official client was given: skipped.\n\n${USAGE}`);
  process.exit(0);
}
if (!existsSync(path.join(values.sdk, "roboflow/__init__.py"))) {
  console.error(`There is no roboflow/__init__.py in ${values.sdk}.\n\n${USAGE}`);
  process.exit(2);
}
const sdk = path.resolve(values.sdk);
const { python, only } = values;
const port = process.env.PORT ?? "3291";

await withScratchProduct({ port, env: { TRAINING_CONCURRENCY: "1" } }, async (demo) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "reprieve-client-"));
  try {
    const rowsFile = path.join(folder, "rows.json");
    await drive(demo, folder, rowsFile);
    /** @type {Row[]} */
    const rows = JSON.parse(readFileSync(rowsFile, "utf8"));
    const report = [describeCounts(rows), describeRows(rows)].join("\n\n");
    console.log(report);
    if (values.out !== undefined) writeFileSync(values.out, `${report}\n`);
    process.exitCode = rows.some(({ verdict }) => verdict === "crash" || verdict === "confusing") ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/**
 * @param {import("../scratch-product.mjs").Demo} demo
 * @param {string} folder
 * @param {string} rowsFile
 */
async function drive(demo, folder, rowsFile) {
  const origin = `http://127.0.0.1:${port}`;
  const api = `${origin}/api`;
  const env = {
    ...process.env,
    PYTHONPATH: [sdk, process.env.PYTHONPATH].filter(Boolean).join(path.delimiter),
    PYTHONDONTWRITEBYTECODE: "1",
    SDK: sdk,
    HOME: folder, // the client keeps its settings there
    MPLBACKEND: "agg",
    COLUMNS: "1000",
    // as README says
    API_URL: api,
    APP_URL: origin,
    OBJECT_DETECTION_URL: `${api}/infer`,
    INSTANCE_SEGMENTATION_URL: `${api}/infer`,
    SEMANTIC_SEGMENTATION_URL: `${api}/infer`,
    DEDICATED_DEPLOYMENT_URL: `${api}/dedicated-deployments`,
    ROBOFLOW_API_KEY: demo.apiKey,
  };
  const driver = path.join(projectRoot, "scripts/client-coverage/driver.py");
  const child = spawn(python, [driver, rowsFile, only], { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"] });
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("exit", resolve));
  if (code !== 0) throw new Error(`The client could not be run: ${python} ended with ${code}.`);
}

/** @param {Row[]} rows */
function describeCounts(rows) {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const line = (/** @type {string} */ name, /** @type {Row[]} */ of) =>
    `| ${[name, ...VERDICTS.map((verdict) => of.filter((row) => row.verdict === verdict).length || "·")].join(" | ")} |`;
  return [
    `| | ${VERDICTS.join(" | ")} |`,
    `|${"---|".repeat(VERDICTS.length + 1)}`,
    ...groups.map((group) =>
      line(
        group,
        rows.filter((row) => row.group === group),
      ),
    ),
    line(`**all (${rows.length})**`, rows),
  ].join("\n");
}

/** @param {Row[]} rows */
function describeRows(rows) {
  const cell = (/** @type {string} */ text) => text.replaceAll("|", "\\|").replace(/\s+/g, " ").slice(0, 240);
  return [
    "| what | verdict | HTTP | what the user sees |",
    "|---|---|---|---|",
    ...rows.map(({ what, verdict, calls, says, note }) => {
      const shown = note === "" ? says : `${says} (${note})`;
      return `| ${cell(what)} | ${verdict} | ${calls.map(cell).join("<br>")} | ${cell(shown)} |`;
    }),
  ].join("\n");
}
