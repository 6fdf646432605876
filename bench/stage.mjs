// What the benchmarks run on: a scratch folder, an embedded PostgreSQL with production settings, the built apps, and the
// processes, all of which `strike` takes away again.
import { fork, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { ensureBuilt } from "../scripts/build.mjs";
import { projectRoot as root } from "../scripts/data-dir.mjs";
import { startEmbeddedDatabase } from "../scripts/embedded-db.mjs";
import { messageOf } from "../scripts/failures.mjs";

const require = createRequire(import.meta.url);
const NEXT = require.resolve("next/dist/bin/next");
const START_SECONDS = 60;
const STOP_SECONDS = 10;

/**
 * @typedef {import("node:child_process").ChildProcess & { ended: Promise<unknown> }} Child
 * @typedef {{ scratch: string, poolSize: number, cronSecret: string, urlOf: (database: string) => string }} Stage
 * @typedef {{ name: string, port: number, pid: number, stop: () => Promise<void> }} App
 * @typedef {import("./load-child.mjs").LoadResult} LoadResult
 * @typedef {{ send: (job: import("./load-child.mjs").Job) => Promise<LoadResult> }} Load
 */

const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);
const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @type {Set<Child>} */
const children = new Set();
/** @type {Set<pg.Client>} */
const clients = new Set();
let scratch = "";
/** @type {ReturnType<typeof startEmbeddedDatabase> | null} The database, from its first moment on. */
let starting = null;
/** @type {Promise<void> | null} */
let struck = null;

/** Throws once `strike` has begun, so that nothing is started that nobody would end. */
function checkOnStage() {
  if (struck) throw new Error("stopped");
}

// --- what runs --------------------------------------------------------------------------------------------------

/**
 * Makes the scratch folder under `folder`, builds the apps, and starts PostgreSQL: no setting is changed, fsync is on.
 * @param {{ folder?: string | undefined, poolSize: number }} options
 * @returns {Promise<Stage>}
 */
export async function setUp({ folder = os.tmpdir(), poolSize }) {
  scratch = mkdtempSync(path.join(folder, "reprieve-bench-"));
  await build();
  checkOnStage();
  starting = startEmbeddedDatabase({ dir: scratch, database: "ours" });
  const { url } = await starting;
  checkOnStage();
  return {
    scratch,
    poolSize,
    cronSecret: randomBytes(24).toString("hex"),
    urlOf: (/** @type {string} */ database) => Object.assign(new URL(url), { pathname: `/${database}` }).href,
  };
}

/** Ends every process that was started here, then the database, then removes the scratch folder. Never throws. */
export function strike() {
  return (struck ??= (async () => {
    for (const client of clients) await client.end().catch(() => {});
    await Promise.all([...children].map(end));
    await starting?.then((server) => server.stop()).catch((error) => say(messageOf(error)));
    if (scratch) rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  })());
}

async function end(/** @type {Child} */ child) {
  if (child.connected) child.disconnect();
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), STOP_SECONDS * 1000);
  await child.ended;
  clearTimeout(late);
}

function keep(/** @type {import("node:child_process").ChildProcess} */ started) {
  const gone = new Promise((resolve) => started.once("error", resolve).once("exit", resolve));
  /** @type {Child} */
  const child = Object.assign(started, { ended: gone.finally(() => children.delete(child)) });
  children.add(child);
  return child;
}

/**
 * Starts a Node process of ours, its output in a file of the scratch folder: a pipe would cost us the reading.
 * @param {string} name
 * @param {string[]} args
 * @param {{ [name: string]: string }} env
 */
function start(name, args, env, cwd = root) {
  checkOnStage();
  const logFile = path.join(scratch, `${name}.log`);
  const out = openSync(logFile, "a");
  const clean = { ...process.env };
  for (const inherited of [
    "NODE_OPTIONS",
    "HOSTNAME",
    "PORT",
    "LOG_LEVEL",
    "BLOB_STORE",
    "PUBLIC_URL",
    "EMBEDDED_DATABASE",
  ])
    delete clean[inherited];
  const child = keep(
    spawn(process.execPath, args, {
      cwd,
      stdio: ["ignore", out, out],
      env: { ...clean, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", CHECKPOINT_DISABLE: "1", ...env },
    }),
  );
  closeSync(out);
  return child;
}

const pidOf = (/** @type {Child} */ { pid = NaN }) => pid;
const lastWords = (/** @type {string} */ name) => readFileSync(path.join(scratch, `${name}.log`), "utf8").slice(-2000);

/**
 * @param {string} name
 * @param {string[]} args
 * @param {{ [name: string]: string }} env
 * @param {string} [cwd]
 */
async function runToEnd(name, args, env, cwd) {
  const code = await start(name, args, env, cwd).ended;
  checkOnStage();
  if (code !== 0) throw new Error(`${name} failed:\n${lastWords(name)}`);
}

/**
 * A client of ours, for making data and counting.
 * @param {string} url
 */
export async function connect(url) {
  checkOnStage();
  const client = new pg.Client({ connectionString: url, application_name: "bench" });
  client.on("error", () => {});
  await client.connect();
  clients.add(client);
  return client;
}

// --- apps -------------------------------------------------------------------------------------------------------

const floorDir = path.join(root, ".build/floor");

/** Builds both apps if their sources changed. The floor is built as a copy in .build, which git and lint leave alone. */
async function build() {
  await ensureBuilt({ log: say });
  const source = path.join(root, "bench/floor");
  const hash = createHash("sha256").update(readFileSync(path.join(root, "package-lock.json")));
  for (const file of readdirSync(source, { recursive: true, encoding: "utf8" }).sort())
    if (path.extname(file)) hash.update(file).update(readFileSync(path.join(source, file)));
  const stamp = hash.digest("hex");
  const stampFile = path.join(floorDir, "built");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;
  say("Building the floor …");
  rmSync(floorDir, { recursive: true, force: true });
  mkdirSync(floorDir, { recursive: true });
  cpSync(source, floorDir, { recursive: true });
  await runToEnd("build-floor", [NEXT, "build"], {}, floorDir);
  writeFileSync(stampFile, stamp);
}

/**
 * Prisma's migrations, then the job queue's tables, as the launcher does.
 * @param {Stage} stage
 * @param {string} url
 */
export async function migrate(stage, url) {
  const env = appEnv(stage, url);
  await runToEnd("migrate", [require.resolve("prisma/build/index.js"), "migrate", "deploy"], env);
  await runToEnd("migrate-queue", [path.join(root, ".build/migrate.mjs")], env);
}

const appEnv = (/** @type {Stage} */ stage, /** @type {string} */ url) => ({
  DATABASE_URL: url,
  DATABASE_POOL_SIZE: String(stage.poolSize),
  DATA_DIR: stage.scratch,
  CRON_SECRET: stage.cronSecret,
  NEXTAUTH_SECRET: stage.cronSecret,
});

/**
 * `next start` of one of the two apps on a free loopback port; resolves when it answers.
 * @param {Stage} stage
 * @param {string} name
 * @param {string} url
 * @returns {Promise<App>}
 */
export async function startApp(stage, name, url) {
  const port = await findFreePort();
  const profiled = process.env.BENCH_CPU_PROFILE === name ? ["--cpu-prof", `--cpu-prof-dir=${process.cwd()}`] : [];
  const child = start(
    name,
    [...profiled, NEXT, "start", "-H", "127.0.0.1", "-p", String(port)],
    appEnv(stage, url),
    name === "floor" ? floorDir : root,
  );
  for (const deadline = Date.now() + START_SECONDS * 1000; ; await sleep(100)) {
    checkOnStage();
    // any answer will do: it takes the app's own routing to give one
    const answer = await fetch(`http://127.0.0.1:${port}/api/bench/trash`, { signal: AbortSignal.timeout(2000) }).catch(
      () => null,
    );
    if (answer) return { name, port, pid: pidOf(child), stop: () => end(child) };
    if (!children.has(child) || Date.now() > deadline) throw new Error(`${name} did not start:\n${lastWords(name)}`);
  }
}

/**
 * The product's worker process; its sessions are called `applicationName`. Resolves when it works its queues.
 * @param {Stage} stage
 * @param {string} url
 * @param {string} applicationName
 */
export async function startWorker(stage, url, applicationName) {
  const named = new URL(url);
  named.searchParams.set("application_name", applicationName);
  const child = start("worker", [path.join(root, ".build/worker.mjs")], appEnv(stage, named.href));
  for (
    const deadline = Date.now() + START_SECONDS * 1000;
    !lastWords("worker").includes("worker ready");
    await sleep(50)
  ) {
    checkOnStage();
    if (!children.has(child) || Date.now() > deadline)
      throw new Error(`The worker did not start:\n${lastWords("worker")}`);
  }
  return { pid: pidOf(child), stop: () => end(child) };
}

/**
 * A process that makes load: `send(job)` resolves to { seconds, latencies, others }.
 * @returns {Load}
 */
export function startLoad() {
  checkOnStage();
  const child = keep(fork(path.join(import.meta.dirname, "load-child.mjs")));
  /** @type {Map<number, { resolve: (result: LoadResult) => void, reject: (error: Error) => void }>} */
  const waiting = new Map();
  let lastId = 0;
  child.on("message", (/** @type {{ id: number, result: LoadResult }} */ { id, result }) => {
    waiting.get(id)?.resolve(result);
    waiting.delete(id);
  });
  void child.ended.then(() => waiting.forEach(({ reject }) => reject(new Error("the load process ended"))));
  return {
    send: (job) =>
      new Promise((resolve, reject) => {
        waiting.set(++lastId, { resolve, reject });
        child.send({ id: lastId, job });
      }),
  };
}

/** @type {() => Promise<number>} */
const findFreePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
