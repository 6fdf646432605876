// The scheduled purge as the worker runs it: rows, files, memory, and what a delete over REST feels of it.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import PgBoss from "pg-boss";
import { addExpired, addLiveVersions, makeWorkspace, settle } from "./data.mjs";
import { requestsFor } from "./hot-paths.mjs";
import { percentile, show, table, verdict } from "./report.mjs";
import { connect, migrate, startApp, startWorker } from "./stage.mjs";
import { memoryMb, peakMemoryMb } from "./usage.mjs";

/**
 * The goals for 100,000 versions; README.md explains them.
 * @satisfies {Record<string, import("./report.mjs").Goal>}
 */
const GOALS = {
  rowsSeconds: { must: 60, aim: 20, better: "less" },
  transactionMs: { must: 1000, aim: 250, better: "less" },
  filesSeconds: { must: 600, aim: 180, better: "less" },
  growthMb: { must: 64, aim: 32, better: "less" },
  deleteP99: { must: 3, aim: 2, better: "less" },
};
const SAMPLE_MS = 20;
const PACED_CONNECTIONS = 32; // enough that a request never waits for a free one
const BYTES_EACH = 100;
const WORKER = "bench-worker";
/**
 * @typedef {import("./data.mjs").Client} Client
 * @typedef {import("./report.mjs").Goal} Goal
 */

const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The files of the versions in the default store on disk: manifest and images, as a generation leaves them.
 * @param {string} root
 * @param {string[]} ids
 * @param {number} filesEach
 */
async function writeFiles(root, ids, filesEach) {
  const bytes = Buffer.alloc(BYTES_EACH, 7);
  for (const [i, id] of ids.entries()) {
    const folder = path.join(root, "versions", id);
    for (const split of ["train", "test"])
      mkdirSync(path.join(folder, "images", split), { recursive: true, mode: 0o700 });
    writeFileSync(path.join(folder, "manifest.json"), bytes);
    for (let n = 1; n < filesEach; n++)
      writeFileSync(path.join(folder, "images", n % 4 ? "train" : "test", `${n}.png`), bytes);
    if (i % 100 === 0) await sleep(0); // so that Ctrl-C is heard
  }
}

/**
 * Looks every SAMPLE_MS for the worker's longest transaction, so far off at most; `take` answers it and starts anew. A
 * session that listens says of each word it hears that it began with the LISTEN, long ago: it is passed over.
 * @param {Client} client
 */
function watchTransactions(client) {
  const none = { ms: 0, statement: "" };
  let longest = none;
  let over = false;
  const watching = (async () => {
    while (!over) {
      const { rows } = await client.query(
        `select extract(epoch from clock_timestamp() - xact_start)::float8 * 1000 as ms, regexp_replace(left(query, 200), '\\s+', ' ', 'g') as statement
         from pg_stat_activity where application_name = $1 and xact_start is not null and query not like 'listen %' order by xact_start limit 1`,
        [WORKER],
      );
      if (rows.length > 0 && rows[0].ms > longest.ms) longest = rows[0];
      await sleep(SAMPLE_MS);
    }
  })();
  return {
    take() {
      const taken = longest;
      longest = none;
      return taken;
    },
    async stop() {
      over = true;
      await watching;
    },
  };
}

async function wakePurge(/** @type {string} */ url) {
  const boss = new PgBoss({ connectionString: url, schema: "pgboss", max: 1, supervise: false, schedule: false });
  boss.on("error", () => {});
  await boss.start();
  await boss.send("purge-expired", {});
  await boss.stop({ graceful: false });
}

/**
 * Seconds until `query` answers 0, or NaN after `secondsMax`.
 * @param {Client} client
 * @param {string} query
 * @param {unknown[]} values
 * @param {number} startedAt
 * @param {number} secondsMax
 */
async function secondsUntilZero(client, query, values, startedAt, secondsMax) {
  for (;;) {
    const { rows } = await client.query(query, values);
    const seconds = (performance.now() - startedAt) / 1000;
    if (rows[0].left === 0) return seconds;
    if (seconds > secondsMax) return NaN;
    await sleep(100);
  }
}

/** @param {import("./run.mjs").ServedRun} options */
export async function measurePurge({ stage, load, plan, say }) {
  const { versions, projects, filesEach, deletes, deletesPerSecond, rowsSecondsMax, filesSecondsMax } = plan.purge;
  const url = stage.urlOf("purge");
  await migrate(stage, url);
  const client = await connect(url);
  const watcher = await connect(url);
  say(`Making ${versions} expired versions with ${versions * filesEach} files …`);
  const warmUp = 500;
  const workspace = await makeWorkspace(client, "live");
  const counts = { projects: plan.projects, versions: warmUp + 2 * deletes };
  const live = { workspace, projects: await addLiveVersions(client, workspace, counts) };
  const attic = await makeWorkspace(client, "attic");
  const blobs = path.join(stage.scratch, "blobs");
  await writeFiles(blobs, await addExpired(client, attic, { projects, versions }), filesEach);
  await settle(client);

  /** @type {string[]} */
  const problems = [];
  const app = await startApp(stage, "ours", url);
  /** @type {(from: number, count: number, perSecond?: number) => Promise<number>} */
  const trash = async (from, count, perSecond) => {
    const { latencies, others } = await load.send({
      port: app.port,
      connections: perSecond ? PACED_CONNECTIONS : 8,
      perSecond,
      requests: requestsFor("trash", live, from, from + count),
    });
    if (Object.keys(others).length > 0)
      problems.push(`deletes beside the purge: answers other than 200: ${JSON.stringify(others)}`);
    return percentile(latencies, 99);
  };
  await trash(0, warmUp);
  say("Deletes without the purge …");
  const calm = await trash(warmUp, deletes, deletesPerSecond);

  const worker = await startWorker(stage, url, WORKER);
  await sleep(3000); // its own start is over
  const memoryBefore = memoryMb(worker.pid);
  const due = await client.query(
    "select count(*)::int as count from versions where workspace_id = $1 and purge_after <= now()",
    [attic.id],
  );
  if (due.rows[0].count !== versions)
    problems.push("the worker's own schedule began the purge before it was measured: run it again");

  say("Purging …");
  const transactions = watchTransactions(watcher);
  const startedAt = performance.now();
  await wakePurge(url);
  const deleting = trash(warmUp + deletes, deletes, deletesPerSecond);
  const rowsSeconds = await secondsUntilZero(
    client,
    "select count(*)::int as left from (select 1 from versions where workspace_id = $1 limit 1) v",
    [attic.id],
    startedAt,
    rowsSecondsMax,
  );
  const whileRows = transactions.take();
  say(`Rows gone after ${show(rowsSeconds, 1)} s; files …`);
  const filesSeconds = await secondsUntilZero(
    client,
    "select count(*)::int as left from (select 1 from purge_receipts where verified_at is null limit 1) r",
    [],
    startedAt,
    filesSecondsMax,
  );
  const busy = await deleting;
  const whileFiles = transactions.take();
  await transactions.stop();
  const growthMb = peakMemoryMb(worker.pid) - memoryBefore;
  problems.push(...(await checkPurged(client, attic, { versions, filesEach })));
  await worker.stop();
  await app.stop();
  await client.end();
  rmSync(blobs, { recursive: true, force: true });

  /** @type {(what: string, value: number, digits: number, goal: Goal) => string[]} */
  const line = (what, value, digits, goal) => [what, show(value, digits), verdict(value, goal)];
  /** @type {(phase: string, longest: { ms: number, statement: string }) => string[]} */
  const longestOf = (phase, { ms, statement }) =>
    line(
      `longest transaction while the ${phase} went, ms; at \`${statement.slice(0, 60)} …\``,
      ms,
      0,
      GOALS.transactionMs,
    );
  const text = table(
    [`${versions} versions, 3 trainings, 2 models, ${filesEach} files each`, "", ""],
    [
      line("seconds until the rows are gone", rowsSeconds, 1, GOALS.rowsSeconds),
      longestOf("rows", whileRows),
      line("seconds until every receipt is verified", filesSeconds, 1, GOALS.filesSeconds),
      longestOf("files", whileFiles),
      line(`the worker's memory grew by MB (from ${show(memoryBefore, 0)})`, growthMb, 0, GOALS.growthMb),
      line(
        `p99 of a delete, ${deletesPerSecond} a second: ${show(calm, 1)} ms without, ${show(busy, 1)} ms beside it; ×`,
        busy / calm,
        2,
        GOALS.deleteP99,
      ),
    ],
  );
  return { problems, text };
}

/**
 * Nothing of the versions is left, each has its receipt, its files were all found, and the quota is given back.
 * @param {Client} client
 * @param {import("./data.mjs").Workspace} workspace
 * @param {{ versions: number, filesEach: number }} made
 */
async function checkPurged(client, workspace, { versions, filesEach }) {
  const { rows } = await client.query(
    `select (select count(*)::int from versions where workspace_id = $1) as "versions left",
       (select count(*)::int from trainings where workspace_id = $1) as "trainings left",
       (select count(*)::int from models where workspace_id = $1) as "models left",
       (select used_images from workspaces where id = $1) as "images still counted",
       $2::int - count(verified_at)::int as "receipts missing", $2::int * $3::int - sum(removed_files)::int as "files missing"
     from purge_receipts where workspace_id = $1`,
    [workspace.id, versions, filesEach],
  );
  return Object.entries(rows[0])
    .filter(([, count]) => count !== 0)
    .map(([what, count]) => `purge: ${what}: ${count}`);
}
