// `npm start`, `npm run dev` and `npm run admin -- <command>`: everything between a fresh clone and a running product.
//   start  build what changed, database, migrations, demo data; then web and worker as two processes under this one
//   dev    the same with Next's development server
//   admin  one command on the same database, whether the product runs or not; stdout is the command's alone
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer, isIP } from "node:net";
import path from "node:path";
import pg from "pg";
import { ensureBuilt } from "./build.mjs";
import { makePrivateDir, projectRoot as root, provideSecrets, resolveDataDir } from "./data-dir.mjs";
import { startEmbeddedDatabase } from "./embedded-db.mjs";

const STOP_SECONDS = 10;
const MIGRATION_LOCK = 5_270_001; // any number, as long as every launcher takes the same
const require = createRequire(import.meta.url);
const say = (line) => process.stderr.write(`${line}\n`);

/** A wrong setting: its message is a sentence for the person at the terminal, without a stack. */
class Refusal extends Error {}
/** Somebody asked us to stop while we were still starting. */
class Asked extends Error {}

// --- settings ---------------------------------------------------------------------------------------------------

function readSettings(env) {
  const port = env.PORT || "3000";
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw new Refusal(`PORT must be a number from 1 to 65535, not "${port}".`);
  const listen = env.LISTEN || "127.0.0.1";
  if (!isIP(listen) && listen !== "localhost")
    throw new Refusal(`LISTEN must be an IP address such as 127.0.0.1 or 0.0.0.0, or localhost, not "${listen}".`);
  if (!["", "0", "1"].includes(env.DEMO ?? ""))
    throw new Refusal(`DEMO must be 1 (demo data wanted) or 0 (not wanted), not "${env.DEMO}".`);
  if (env.DATABASE_URL) checkDatabaseUrl(env.DATABASE_URL);

  const loopback = listen === "localhost" || listen === "::1" || listen.startsWith("127.");
  const everywhere = listen === "0.0.0.0" || listen === "::";
  const inUrl = (address) => (isIP(address) === 6 ? `[${address}]` : address);
  return {
    port,
    listen,
    dataDir: resolveDataDir(env),
    demoWanted: env.DEMO === "1" || (loopback && env.DEMO !== "0"),
    demoAllowed: env.DEMO === "1" || loopback,
    publicUrl: env.PUBLIC_URL || `http://${loopback || everywhere ? "localhost" : inUrl(listen)}:${port}`,
    healthUrl: `http://${everywhere ? (listen === "::" ? "[::1]" : "127.0.0.1") : inUrl(listen)}:${port}/api/health`,
  };
}

/** Says what is wrong without repeating the value: it holds a password. */
function checkDatabaseUrl(value) {
  const form = "postgresql://user:password@host:5432/database";
  let url;
  try {
    url = new URL(value);
  } catch {
    throw new Refusal(
      `DATABASE_URL is not a URL; it must look like ${form} (special characters in the password as %40 and so on).`,
    );
  }
  if (!["postgres:", "postgresql:"].includes(url.protocol))
    throw new Refusal(`DATABASE_URL must begin with postgresql://; it must look like ${form}.`);
  if (url.pathname.length < 2) throw new Refusal(`DATABASE_URL names no database; it must look like ${form}.`);
}

/** Whether we could listen there, asked before anything is built or seeded. */
async function checkPortIsFree({ listen, port }) {
  const error = await new Promise((resolve) => {
    const probe = createServer().once("error", resolve);
    probe.listen(Number(port), listen, () => probe.close(() => resolve(null)));
  });
  if (!error) return;
  if (error.code === "EADDRINUSE")
    throw new Refusal(
      `Port ${port} on ${listen} is already taken. Set PORT to a free one, or stop what listens there.`,
    );
  if (error.code === "EACCES")
    throw new Refusal(`This user may not listen on port ${port}. Set PORT to one above 1023.`);
  throw new Refusal(`LISTEN=${listen} is not an address of this machine (${error.code}).`);
}

// --- processes --------------------------------------------------------------------------------------------------

const children = new Set();
let asked = null; // the signal that asked us to stop
let onAsked = () => {};

function checkAsked() {
  if (asked) throw new Asked();
}

/**
 * Loaded into every process that must not outlive this launcher: killed with SIGKILL, we cannot stop them, so they look
 * for themselves. Only the direct child looks, not what it forks.
 */
const LIFELINE = `data:text/javascript,
  import { isMainThread } from "node:worker_threads";
  const launcher = Number(process.env.LAUNCHER_PID);
  if (isMainThread && process.ppid === launcher) {
    const watch = setInterval(() => {
      if (process.ppid === launcher) return;
      clearInterval(watch);
      setTimeout(() => process.kill(process.pid, "SIGKILL"), ${STOP_SECONDS * 1000}).unref();
      process.kill(process.pid, "SIGTERM");
    }, 500);
    watch.unref();
  }`.replaceAll(/\s+/g, " ");

/** Starts a Node process; `ended` resolves to its exit code (1 for a signal) and rejects when it could not start. */
function start(script, args, { env, stdio = "inherit", detached = false }) {
  const lifeline = detached ? [] : ["--import", LIFELINE];
  const child = spawn(process.execPath, [...lifeline, script, ...args], {
    cwd: root,
    stdio,
    detached,
    env: { ...env, LAUNCHER_PID: String(process.pid) },
  });
  children.add(child);
  child.ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  }).finally(() => children.delete(child));
  child.ended.catch(() => {}); // whoever waits for it hears it; nobody may
  return child;
}

/** Runs one step of the start; what it says is kept back and shown only when it fails. A detached one is never cut off. */
async function step(script, args, env, { detached = false } = {}) {
  checkAsked();
  const child = start(script, args, { env, stdio: ["ignore", "pipe", "pipe"], detached });
  const said = [];
  child.stdout.on("data", (chunk) => said.push(chunk));
  child.stderr.on("data", (chunk) => said.push(chunk));
  if (!detached) onAsked = () => child.kill("SIGTERM");
  const code = await child.ended;
  onAsked = () => {};
  checkAsked();
  if (code === 0) return;
  process.stderr.write(Buffer.concat(said));
  throw new Refusal(`${[path.basename(script), ...args].join(" ")} failed (code ${code}).`);
}

async function stopChildren() {
  await Promise.all(
    [...children].map(async (child) => {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), STOP_SECONDS * 1000);
      await child.ended.catch(() => {});
      clearTimeout(late);
    }),
  );
}

// --- database ---------------------------------------------------------------------------------------------------

/** Opens the database (embedded unless DATABASE_URL is set) and returns what every child gets as its environment. */
async function openDatabase(settings) {
  const env = {
    ...process.env,
    NEXT_TELEMETRY_DISABLED: "1",
    CHECKPOINT_DISABLE: "1",
    DATA_DIR: settings.dataDir,
    PORT: settings.port,
    PUBLIC_URL: settings.publicUrl,
  };
  delete env.HOSTNAME; // containers set it, and Next would listen there
  delete env.EMBEDDED_DATABASE; // ours to say: it unlocks what nobody may do on a database of their own
  provideSecrets(settings.dataDir, env);
  if (env.DATABASE_URL) return { env, release: async () => {} };
  settings.dataDir = env.DATA_DIR = makePrivateDir(settings.dataDir);
  const database = await startEmbeddedDatabase({ dir: settings.dataDir, log: say });
  return { env: { ...env, DATABASE_URL: database.url, EMBEDDED_DATABASE: "1" }, release: database.stop };
}

/**
 * Opens the connection that holds the migration lock until it ends: one launcher at a time, on any machine. It is a
 * transaction's lock, so it goes with its connection, and a pooler between us and the database does no harm.
 */
async function lockMigrations(env) {
  const client = new pg.Client({
    connectionString: env.DATABASE_URL,
    connectionTimeoutMillis: 15_000,
    application_name: "reprieve-launch",
  });
  client.on("error", () => {}); // without it, a connection that breaks would end this process
  onAsked = () => void client.end().catch(() => {}); // do not sit in the queue for the lock
  try {
    await client.connect();
    await client.query("BEGIN");
    for (const name of ["idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout"])
      await client.query(`SET LOCAL ${name} = 0`);
    await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    checkAsked();
    throw error;
  } finally {
    onAsked = () => {};
  }
}

/** Makes the database that DATABASE_URL names, as `prisma migrate deploy` would, but without a quarrel when two do. */
async function createDatabase(env) {
  const url = new URL(env.DATABASE_URL);
  const name = decodeURIComponent(url.pathname.slice(1));
  url.pathname = "/postgres";
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 15_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
  } catch (error) {
    if (error.code !== "42P04" && error.code !== "23505") throw error; // another launcher was faster
  } finally {
    await client.end().catch(() => {});
  }
}

/** Brings the database up to date: Prisma's migrations, then the job queue's tables. */
async function migrate(env, { always }) {
  const client = await lockMigrations(env)
    .catch(async (error) => {
      if (error.code !== "3D000") throw error;
      await createDatabase(env);
      return lockMigrations(env);
    })
    .catch((error) => {
      if (error instanceof Asked) throw error;
      throw new Refusal(
        `DATABASE_URL: the database at ${new URL(env.DATABASE_URL).host} cannot be used (${[error.code, error.message].filter(Boolean).join(": ")}).`,
      );
    });
  try {
    const state = await readMigrations(env);
    const prisma = require.resolve("prisma/build/index.js");
    // detached: Ctrl-C must not cut a migration off, or the next start finds a half-told history
    if (env.EMBEDDED_DATABASE)
      for (const name of state.cutOff) {
        // a script runs in one transaction: cut off, it left nothing behind. On a database that is not ours, people decide.
        say(`The migration ${name} was cut off; it is run again.`);
        await step(prisma, ["migrate", "resolve", "--rolled-back", name], env, { detached: true });
      }
    if (!state.upToDate) await step(prisma, ["migrate", "deploy"], env, { detached: true });
    if (always || !state.upToDate || !state.hasQueue)
      await step(path.join(root, ".build/migrate.mjs"), [], env, { detached: true });
  } finally {
    await client.end().catch(() => {});
  }
}

/** What the database says of its migrations, compared with the folders that we have. */
async function readMigrations(env) {
  const folder = path.join(root, "prisma/migrations");
  const ours = existsSync(folder)
    ? readdirSync(folder).filter((name) => existsSync(path.join(folder, name, "migration.sql")))
    : [];
  const schema = new URL(env.DATABASE_URL).searchParams.get("schema") ?? "public";
  const client = new pg.Client({ connectionString: env.DATABASE_URL, connectionTimeoutMillis: 15_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query(
      `SELECT migration_name AS name, finished_at IS NOT NULL AS finished FROM "${schema.replaceAll('"', '""')}"._prisma_migrations WHERE rolled_back_at IS NULL`,
    );
    const queue = await client.query("SELECT to_regclass('pgboss.queue') IS NOT NULL AS there");
    const applied = new Set(rows.filter((row) => row.finished).map((row) => row.name));
    const cutOff = rows.filter((row) => !row.finished).map((row) => row.name);
    const upToDate =
      ours.length > 0 && cutOff.length === 0 && applied.size === ours.length && ours.every((name) => applied.has(name));
    return { upToDate, cutOff, hasQueue: queue.rows[0].there };
  } catch {
    return { upToDate: false, cutOff: [], hasQueue: false }; // never migrated; anything worse, Prisma will say
  } finally {
    await client.end().catch(() => {});
  }
}

// --- demo data --------------------------------------------------------------------------------------------------

const demoFile = (settings) => path.join(settings.dataDir, "demo.json");

/** Demo data has a password that is printed in a terminal: it is only for this machine, unless somebody says otherwise. */
function checkDemo(settings) {
  if (process.env.DATABASE_URL || settings.demoAllowed || !existsSync(demoFile(settings))) return;
  throw new Refusal(
    `LISTEN=${settings.listen} would show this database to other machines, and it holds demo data with a known password (${demoFile(settings)}). Set DEMO=1 if that is wanted, DATA_DIR to another folder for an empty database, or LISTEN=127.0.0.1.`,
  );
}

function announce(settings, env) {
  const lines = ["", `Reprieve runs at ${settings.publicUrl}`];
  if (env.EMBEDDED_DATABASE && existsSync(demoFile(settings))) {
    const demo = JSON.parse(readFileSync(demoFile(settings), "utf8"));
    lines.push(
      `  sign in   ${demo.email}`,
      `  password  ${demo.password}`,
      `  API key   ${demo.apiKey}`,
      `  all of it ${demoFile(settings)}`,
    );
  }
  lines.push("Stop it with Ctrl-C, or SIGTERM to this process.", "");
  process.stdout.write(`${lines.join("\n")}\n`);
}

// --- modes ------------------------------------------------------------------------------------------------------

async function serve(settings, development) {
  checkDemo(settings);
  await checkPortIsFree(settings);
  await ensureBuilt({ only: development ? "tools" : "all", log: say });
  checkAsked();
  const database = await openDatabase(settings);
  try {
    const env = { ...database.env, NODE_ENV: development ? "development" : "production" };
    await migrate(env, { always: true });
    if (env.EMBEDDED_DATABASE && settings.demoWanted) await step(path.join(root, ".build/seed.mjs"), [], env);
    checkAsked();
    await checkPortIsFree(settings); // much may have happened since the first look
    return await runBoth(settings, env, development);
  } finally {
    await stopChildren();
    await database.release();
  }
}

/** Runs web and worker until we are asked to stop (0) or the web process ends (its code). */
async function runBoth(settings, env, development) {
  let over = false;
  let timer = null;
  const stopped = new Promise((resolve) => (onAsked = resolve));
  checkAsked();

  const runWorker = (failures) => {
    const startedAt = Date.now();
    const worker = start(path.join(root, ".build/worker.mjs"), [], { env });
    worker.ended
      .catch(() => 1)
      .then((code) => {
        if (over || asked) return;
        // one that has worked for a minute failed for a new reason: the waits begin anew
        const inARow = Date.now() - startedAt > 60_000 ? 1 : failures + 1;
        const seconds = Math.min(2 ** (inARow - 1), 30);
        say(`The worker ended (code ${code}); it is started again in ${seconds} s.`);
        timer = setTimeout(() => runWorker(inARow), seconds * 1000);
      });
  };

  const web = start(
    require.resolve("next/dist/bin/next"),
    [development ? "dev" : "start", "-H", settings.listen, "-p", settings.port],
    { env },
  );
  runWorker(0);
  void announceWhenUp(settings, env, () => over || asked);

  await Promise.race([web.ended.catch(() => 1), stopped]);
  // Ctrl-C reaches web at the same moment as us, and its end may be heard before our own signal
  if (!asked) await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 200))]);
  over = true;
  clearTimeout(timer);
  if (asked) return 0;
  const code = await web.ended.catch(() => 1);
  say(`The web process ended (code ${code}).`);
  return code || 1; // nobody asked it to end
}

async function announceWhenUp(settings, env, isOver) {
  while (!isOver()) {
    const answer = await fetch(settings.healthUrl, { signal: AbortSignal.timeout(10_000) }).catch(() => null);
    if (answer?.ok && !isOver()) return announce(settings, env);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function admin(settings, args) {
  await ensureBuilt({ only: "tools", log: say });
  checkAsked();
  const database = await openDatabase(settings);
  try {
    const env = { ...database.env, NODE_ENV: process.env.NODE_ENV || "production" };
    await migrate(env, { always: false });
    checkAsked();
    const command = start(path.join(root, ".build/admin.mjs"), args, { env });
    onAsked = () => command.kill("SIGTERM");
    const code = await command.ended;
    return asked ? 130 : code;
  } finally {
    await stopChildren();
    await database.release();
  }
}

async function main([mode = "start", ...args]) {
  const settings = readSettings(process.env);
  if (mode === "start" || mode === "dev") return serve(settings, mode === "dev");
  if (mode === "admin") return admin(settings, args[0] === "--" ? args.slice(1) : args);
  throw new Refusal(`There is no mode "${mode}": use start, dev or admin.`);
}

// A second signal changes nothing: npm passes on the Ctrl-C that we have heard already, and the database must be let go.
function askToStop(signal) {
  if (asked) return;
  asked = signal;
  onAsked();
}
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, askToStop);

// npm passes SIGTERM to the shell between it and us, and some shells die of it without passing it on
const parent = process.ppid;
if (process.env.npm_lifecycle_event) setInterval(() => process.ppid === parent || askToStop("SIGTERM"), 250).unref();

const mode = process.argv[2] ?? "start";
let code;
try {
  code = await main(process.argv.slice(2));
} catch (error) {
  // Ctrl-C also ends the children that we were waiting for; let our own signal be heard before we call that a failure
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (asked) code = mode === "admin" ? 130 : 0;
  else {
    // what we throw on purpose is a plain Error with a sentence; a TypeError and its like want their stack
    const meant = error instanceof Refusal || Object.getPrototypeOf(error) === Error.prototype;
    say(meant ? error.message : (error.stack ?? String(error)));
    code = 1;
  }
}
process.exit(code);
