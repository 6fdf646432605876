// `npm start`, `npm run dev` and `npm run admin -- <command>`: everything between a fresh clone and a running product.
//   start  build what changed, database, migrations, demo data; then web and worker as two processes under this one
//   dev    the same with Next's development server
//   admin  one command on the same database, whether the product runs or not; stdout is the command's alone
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer, isIP } from "node:net";
import path from "node:path";
import { ensureBuilt } from "./build.mjs";
import { claim, makePrivateDir, projectRoot as root, resolveDataDir } from "./data-dir.mjs";
import { migrate, openDatabase } from "./database.mjs";
import { messageOf } from "./failures.mjs";
import { askToStop, checkAsked, Refusal, say, start, step, stop, stopChildren } from "./processes.mjs";
import { keepDatabase, keepRunning } from "./supervise.mjs";

const require = createRequire(import.meta.url);
const RELEASE_MS = 5_000;

/** @typedef {import("./database.mjs").Environment} Environment */

// --- settings ---------------------------------------------------------------------------------------------------

/** @typedef {ReturnType<typeof readSettings>} Settings */

function readSettings(/** @type {NodeJS.ProcessEnv} */ env) {
  const port = env.PORT || "3000";
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw new Refusal(`PORT must be a number from 1 to 65535, not "${port}".`);
  const listen = env.LISTEN || "127.0.0.1";
  if (!isIP(listen) && listen !== "localhost")
    throw new Refusal(`LISTEN must be an IP address such as 127.0.0.1 or 0.0.0.0, or localhost, not "${listen}".`);
  if (!["", "0", "1"].includes(env.DEMO ?? ""))
    throw new Refusal(`DEMO must be 1 (demo data wanted) or 0 (not wanted), not "${env.DEMO}".`);
  const keepAlive = env.KEEP_ALIVE_SECONDS || "75";
  if (!/^\d{1,4}$/.test(keepAlive) || Number(keepAlive) < 1)
    throw new Refusal(`KEEP_ALIVE_SECONDS must be a number of seconds from 1 to 9999, not "${keepAlive}".`);
  if (env.DATABASE_URL) checkDatabaseUrl(env.DATABASE_URL);

  const loopback = listen === "localhost" || listen === "::1" || listen.startsWith("127.");
  const everywhere = listen === "0.0.0.0" || listen === "::";
  const inUrl = (/** @type {string} */ address) => (isIP(address) === 6 ? `[${address}]` : address);
  return {
    port,
    listen,
    /** Longer than the 60 s after which most proxies let go of a connection, so that they never send into a closed one. */
    keepAliveSeconds: Number(keepAlive),
    dataDir: resolveDataDir(env),
    demoWanted: env.DEMO === "1" || (loopback && env.DEMO !== "0"),
    demoAllowed: env.DEMO === "1" || loopback,
    publicUrl: env.PUBLIC_URL || `http://${loopback || everywhere ? "localhost" : inUrl(listen)}:${port}`,
    healthUrl: `http://${everywhere ? (listen === "::" ? "[::1]" : "127.0.0.1") : inUrl(listen)}:${port}/api/health`,
  };
}

/**
 * Says what is wrong without repeating the value: it holds a password.
 * @param {string} value
 */
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

/**
 * Whether we could listen there, asked before anything is built or seeded.
 * @param {Settings} settings
 */
async function checkPortIsFree({ listen, port }) {
  /** @type {NodeJS.ErrnoException | null} */
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

// --- demo data --------------------------------------------------------------------------------------------------

const demoFile = (/** @type {Settings} */ settings) => path.join(settings.dataDir, "demo.json");

/**
 * Demo data has a password that is printed in a terminal: it is only for this machine, unless somebody says otherwise.
 * @param {Settings} settings
 */
function checkDemo(settings) {
  if (process.env.DATABASE_URL || settings.demoAllowed || !existsSync(demoFile(settings))) return;
  throw new Refusal(
    `LISTEN=${settings.listen} would show this database to other machines, and it holds demo data with a known password (${demoFile(settings)}). Set DEMO=1 if that is wanted, DATA_DIR to another folder for an empty database, or LISTEN=127.0.0.1.`,
  );
}

/**
 * @param {Settings} settings
 * @param {Environment} env
 */
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

/**
 * @param {Settings} settings
 * @param {boolean} development
 */
async function serve(settings, development) {
  checkDemo(settings);
  const mine = process.env.DATABASE_URL ? null : claimDataDir(settings);
  try {
    await checkPortIsFree(settings);
    await ensureBuilt({ only: development ? "tools" : "all", log: say });
    checkAsked();
    const database = await openDatabase(settings);
    try {
      if (database.embedded) keepAfterOurDeath(settings, database.embedded.ticket);
      /** @type {Environment} */
      const env = { ...database.env, NODE_ENV: development ? "development" : "production" };
      await migrate(env, { always: true });
      if (env.EMBEDDED_DATABASE && settings.demoWanted) await step(path.join(root, ".build/seed.mjs"), [], env);
      checkAsked();
      await checkPortIsFree(settings); // much may have happened since the first look
      return await runAll(settings, { ...database, env }, development);
    } finally {
      await stopChildren();
      // one that cannot let go, because the database is silent, leaves that to the keeper
      await Promise.race([database.release(), new Promise((resolve) => setTimeout(resolve, RELEASE_MS))]);
    }
  } finally {
    mine?.release();
  }
}

/**
 * One launcher serves a data folder with its embedded database.
 * @param {Settings} settings
 */
function claimDataDir(settings) {
  const claimed = claim(path.join(makePrivateDir(settings.dataDir), "launcher"));
  if ("release" in claimed) return claimed;
  throw new Refusal(
    `Reprieve already runs on ${settings.dataDir} (process ${claimed.holder}). Stop it first, or set DATA_DIR to another folder.`,
  );
}

/**
 * Killed with SIGKILL, we cannot stop the database, which is a process group of its own.
 * @param {Settings} settings
 * @param {string} ticket
 */
function keepAfterOurDeath({ dataDir }, ticket) {
  const keeper = spawn(process.execPath, [path.join(import.meta.dirname, "database-keeper.mjs"), dataDir, ticket], {
    detached: true,
    stdio: "ignore",
  });
  keeper.on("error", () => {}); // without it the next start finds the server, and uses it
  keeper.unref();
}

/**
 * Runs web, worker and what is embedded until we are asked to stop (0), or one of them is given up (its code).
 * @param {Settings} settings
 * @param {import("./database.mjs").Database} database
 * @param {boolean} development
 */
async function runAll(settings, { env, embedded }, development) {
  /** @type {Promise<null>} */
  const stopped = new Promise((resolve) => (stop.whenAsked = () => resolve(null)));
  checkAsked();

  const begin = (/** @type {string} */ script, /** @type {string[]} */ args) => () => {
    const child = start(script, args, { env, keepWords: true });
    if (child.pid) embedded?.addUser(child.pid);
    return child;
  };
  const base = embedded
    ? keepDatabase(embedded, {
        dataDir: settings.dataDir,
        onMoved: (url) => {
          env.DATABASE_URL = url;
          for (const each of [web, worker]) each.again();
        },
      })
    : null;
  const ready = base?.ready ?? (async () => {});
  const keepAlive = ["--keepAliveTimeout", String(settings.keepAliveSeconds * 1000)];
  const where = ["-H", settings.listen, "-p", settings.port];
  const serveWeb = development ? ["dev", ...where] : ["start", ...where, ...keepAlive];
  const web = keepRunning("web process", begin(require.resolve("next/dist/bin/next"), serveWeb), ready);
  const worker = keepRunning("worker", begin(path.join(root, ".build/worker.mjs"), []), ready);
  let over = false;
  void announceWhenUp(settings, env, () => over);

  const end = await Promise.race([stopped, web.gaveUp, worker.gaveUp, ...(base ? [base.gaveUp] : [])]);
  over = true;
  for (const each of [web, worker, base]) each?.over();
  if (end === null || stop.asked) return 0;
  say(end.sentence);
  return end.code;
}

/**
 * @param {Settings} settings
 * @param {Environment} env
 * @param {() => boolean} isOver
 */
async function announceWhenUp(settings, env, isOver) {
  while (!isOver()) {
    const answer = await fetch(settings.healthUrl, { signal: AbortSignal.timeout(10_000) }).catch(() => null);
    if (answer?.ok && !isOver()) return announce(settings, env);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/**
 * @param {Settings} settings
 * @param {string[]} args
 */
async function admin(settings, args) {
  await ensureBuilt({ only: "tools", log: say });
  checkAsked();
  const database = await openDatabase(settings);
  try {
    /** @type {Environment} */
    const env = { ...database.env, NODE_ENV: process.env.NODE_ENV || "production" };
    await migrate(env, { always: false });
    checkAsked();
    const command = start(path.join(root, ".build/admin.mjs"), args, { env });
    stop.whenAsked = () => command.kill("SIGTERM");
    const code = await command.ended;
    return stop.asked ? 130 : code;
  } finally {
    await stopChildren();
    await database.release();
  }
}

async function main(/** @type {string[]} */ [mode = "start", ...args]) {
  const settings = readSettings(process.env);
  if (mode === "start" || mode === "dev") return serve(settings, mode === "dev");
  if (mode === "admin") return admin(settings, args[0] === "--" ? args.slice(1) : args);
  throw new Refusal(`There is no mode "${mode}": use start, dev or admin.`);
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
  if (stop.asked) code = mode === "admin" ? 130 : 0;
  else {
    // what we throw on purpose is a plain Error with a sentence; a TypeError and its like want their stack
    const meant = error instanceof Refusal || Object.getPrototypeOf(error) === Error.prototype;
    say((!meant && error instanceof Error && error.stack) || messageOf(error));
    code = 1;
  }
}
process.exit(code);
