// `npm run bench`: how fast the hot paths are, as ratios to a floor measured in the same run. bench/README.md says how to
// read it. Options: --quick (a smoke run), --scale, --purge, --generate, --train, --upload, --infer (more sections), --only (those sections
// and no other), --dir FOLDER (where the scratch folder goes).
import { parseArgs } from "node:util";
import { addLiveVersions, addShelf, makeWorkspace, settle } from "./data.mjs";
import { measureGenerate } from "./generate.mjs";
import { measureHotPaths, versionsNeeded } from "./hot-paths.mjs";
import { measureInfer } from "./infer.mjs";
import { measurePurge } from "./purge.mjs";
import { measureScale } from "./scale.mjs";
import { connect, migrate, setUp, startApp, startLoad, strike } from "./stage.mjs";
import { measureTrain } from "./train.mjs";
import { measureUpload } from "./upload.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean" },
    scale: { type: "boolean" },
    purge: { type: "boolean" },
    generate: { type: "boolean" },
    train: { type: "boolean" },
    upload: { type: "boolean" },
    infer: { type: "boolean" },
    only: { type: "boolean" },
    dir: { type: "string" },
  },
});
/** @type {<T>(full: T, quick: T) => T} */
const pick = (full, quick) => (options.quick ? quick : full);

/**
 * @typedef {typeof PLAN} Plan
 * @typedef {{ plan: Plan, say: (line: string) => void }} Run What every section gets, and those that call the server.
 * @typedef {Run & { stage: import("./stage.mjs").Stage, load: import("./stage.mjs").Load }} ServedRun
 */

const PLAN = {
  /** The product's default, and the floor's: a bigger pool would only hide waiting. */
  poolSize: 10,
  connections: /** @type {const} */ ([1, 8, 32]),
  /** Medians of three throw away one round that somebody else's work spoiled. */
  rounds: pick(3, 1),
  /** Turns of each side within a round: short enough that both sides have the same weather. */
  slices: pick(3, 2),
  /** About a second each at the floor's 500 to 1,000 requests/s; the three of a round leave 15 to 30 slower than p99. */
  sliceRequests: pick({ 1: 500, 8: 1000, 32: 1000 }, { 1: 100, 8: 300, 32: 300 }),
  /** Until the compiler has seen every path often enough. */
  warmUp: pick(3000, 500),
  /** Neighbouring requests hit different projects, as those of different people do. */
  projects: 20,
  /** A Trash that a busy workspace has. */
  shelfRows: 10_000,
  burstSize: 64,
  bursts: pick(10, 2),
  /** A hundred times as many; one connection, because the question is what one page costs. */
  scale: {
    smallRows: 10_000,
    rows: pick(1_000_000, 100_000),
    rounds: pick(7, 3),
    sliceRequests: pick(30, 10),
  },
  purge: {
    versions: pick(100_000, 2_000),
    projects: 100,
    filesEach: 5,
    /** A steady trickle, the same without and with the purge: a closed loop would change what it measures. */
    deletesPerSecond: 50,
    /** 2,000 deletes leave p99 twenty slower ones; during the purge as many as fit, at most this many. */
    deletes: pick(2_000, 150),
    rowsSecondsMax: 600,
    filesSecondsMax: 1800,
  },
  generate: { photos: pick(200, 12), rounds: pick(3, 1), slices: pick(5, 2) },
  infer: {
    connections: [1, 8],
    rounds: pick(3, 1),
    slices: pick(3, 2),
    sliceRequests: pick(400, 100),
    warmUp: pick(2000, 200),
  },
  upload: { photos: pick(2_000, 60), connections: 8 },
  train: { digits: 1000, rounds: pick(3, 1), warmUp: pick(500, 50), predictions: pick(3000, 200) },
};

const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);
let ending = false;
/**
 * Takes everything away and ends. Whoever comes first says with which code.
 * @param {number} code
 */
async function finish(code) {
  if (ending) return;
  ending = true;
  await strike();
  process.exit(code);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => {
    say("Stopping …");
    void finish(130);
  });
// what is under way when we end fails, and nobody waits for it any more
const fail = (/** @type {unknown} */ error) => {
  if (!ending) say((error instanceof Error && error.stack) || String(error));
  void finish(1);
};
process.on("unhandledRejection", fail);

async function main() {
  if (options.generate) {
    console.log(`\n## Generating images\n\n${await measureGenerate({ plan: PLAN, say })}\n`);
  }
  if (options.train) console.log(`\n## Training and predicting\n\n${await measureTrain({ plan: PLAN, say })}\n`);
  // only the other sections need a database
  if (
    (options.generate || options.train) &&
    options.only &&
    !options.scale &&
    !options.purge &&
    !options.upload &&
    !options.infer
  )
    return 0;
  const stage = await setUp({ folder: options.dir, poolSize: PLAN.poolSize });
  say("Making the databases …");
  await migrate(stage, stage.urlOf("ours"));
  const client = await connect(stage.urlOf("ours"));
  const shelf = { workspace: await makeWorkspace(client, "shelf"), projects: [{ id: "", slug: "" }] };
  await addShelf(client, shelf.workspace, PLAN.shelfRows);
  const load = startLoad();
  /** @type {string[]} */
  const problems = [];

  if (!options.only) {
    const workspace = await makeWorkspace(client, "live");
    const counts = { projects: PLAN.projects, versions: versionsNeeded(PLAN) };
    const live = { workspace, projects: await addLiveVersions(client, workspace, counts) };
    await settle(client);
    // the floor's database is a copy of ours, page by page
    const admin = await connect(stage.urlOf("postgres"));
    await client.end();
    await admin.query("create database floor template ours strategy file_copy");
    const databases = { ours: await connect(stage.urlOf("ours")), floor: await connect(stage.urlOf("floor")) };
    const apps = {
      ours: await startApp(stage, "ours", stage.urlOf("ours")),
      floor: await startApp(stage, "floor", stage.urlOf("floor")),
    };
    const result = await measureHotPaths({ apps, databases, live, shelf, load, plan: PLAN, say });
    problems.push(...result.problems);
    console.log(`\n## Hot paths\n\n${result.text}\n`);
    await Promise.all(Object.values(apps).map((app) => app.stop()));
  }
  if (options.scale) {
    const result = await measureScale({ stage, load, plan: PLAN, say });
    problems.push(...result.problems);
    console.log(`\n## Trash of any size\n\n${result.text}\n`);
  }
  if (options.purge) {
    const result = await measurePurge({ stage, load, plan: PLAN, say });
    problems.push(...result.problems);
    console.log(`\n## Scheduled purge\n\n${result.text}\n`);
  }
  if (options.infer) {
    const result = await measureInfer({ stage, load, plan: PLAN, say });
    problems.push(...result.problems);
    console.log(`\n## Inference\n\n${result.text}\n`);
  }
  if (options.upload) {
    const result = await measureUpload({ stage, plan: PLAN, say });
    problems.push(...result.problems);
    console.log(`\n## Uploading images\n\n${result.text}\n`);
  }
  for (const problem of problems) console.log(`invalid: ${problem}`);
  console.log(
    problems.length === 0
      ? "valid: only 200s counted, row effects equal the requests, the floor is a floor"
      : "This run says nothing.",
  );
  return problems.length === 0 ? 0 : 1;
}

main().then(finish, fail);
