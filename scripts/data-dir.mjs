// DATA_DIR: where a self-hosted Reprieve keeps what must outlive a process, and the two things several
// processes need in order to share a folder: a lock that survives kill -9, and secrets that are made once.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { codeOf } from "./failures.mjs";

export const projectRoot = path.resolve(import.meta.dirname, "..");
const GENERATED_SECRETS = ["CRON_SECRET", "NEXTAUTH_SECRET"];

const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The absolute path of DATA_DIR; a relative one is meant from the project's root, whatever the current folder is.
 * @param {{ [name: string]: string | undefined }} env
 */
export function resolveDataDir(env = process.env) {
  return path.resolve(projectRoot, env.DATA_DIR || ".data");
}

/**
 * Makes `dir` (0700) if it is missing and returns its real path, so that two spellings of one folder mean one folder.
 * A folder that is already there keeps its mode: an operator may have chosen it.
 * @param {string} dir
 */
export function makePrivateDir(dir) {
  try {
    if (!existsSync(dir)) {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      ownLikeParent(dir);
    }
    return realpathSync(dir);
  } catch (error) {
    throw new Error(
      `The folder ${dir} cannot be made or read (${codeOf(error)}). Set DATA_DIR to a folder that this user may write to.`,
    );
  }
}

/**
 * As root in a folder that is somebody else's: hand over what we make there, or its owner could not read it tomorrow.
 * @param {string} file
 */
export function ownLikeParent(file) {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(path.dirname(file));
  if (uid !== 0) chownSync(file, uid, gid);
}

/**
 * Creates `file` (0600) with all of its content, or leaves the one that is there; true when this call made it.
 * A hard link is the one step that is both exclusive and complete: `open` with O_EXCL leaves an empty file when killed.
 * @param {string} file
 * @param {string} content
 */
export function createOnce(file, content) {
  const draft = `${file}.${process.pid}-${randomBytes(6).toString("hex")}.tmp`;
  try {
    writeFileSync(draft, content, { mode: 0o600, flag: "wx" });
    ownLikeParent(draft);
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Fills the secrets that are missing from `env`: from DATA_DIR/secrets/<NAME>, which is made first when it is not there.
 * What the environment already says always wins.
 * @param {string} dataDir
 * @param {{ [name: string]: string | undefined }} env
 */
export function provideSecrets(dataDir, env = process.env, names = GENERATED_SECRETS) {
  for (const name of names) {
    if (env[name]) continue;
    const file = path.join(makePrivateDir(path.join(dataDir, "secrets")), name);
    try {
      if (!existsSync(file)) createOnce(file, `${randomBytes(32).toString("base64url")}\n`);
      env[name] = readFileSync(file, "utf8").trim();
    } catch (error) {
      throw new Error(
        `The secret ${file} cannot be made or read (${codeOf(error)}). Set ${name}, or make the file readable for this user.`,
      );
    }
    if (!env[name])
      throw new Error(`The secret ${file} is empty. Remove it, so that a new one is made, or set ${name}.`);
  }
}

// --- who is alive -----------------------------------------------------------------------------------------------

/** @type {string | undefined} */
let bootId;
/**
 * When a process started, as a word without spaces: "dead" for one that is gone, "" where the system does not tell.
 * @param {number} pid
 */
function startOf(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== "EPERM") return "dead";
  }
  if (process.platform === "linux") {
    try {
      bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // after "(name)": state is the 1st field, the start time in ticks since boot the 20th
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // a zombie answers signals but does nothing any more; in a container nobody may ever reap it
      return "ZX".includes(fields[0] ?? "") ? "dead" : `${bootId}-${fields[19]}`;
    } catch {
      return "";
    }
  }
  if (process.platform === "win32") return "";
  const ps = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
  });
  return (ps.stdout ?? "").trim().replaceAll(/\s+/g, "_");
}

export const isPidAlive = (/** @type {number} */ pid) => Number.isInteger(pid) && pid > 0 && startOf(pid) !== "dead";

/** A process in one line: pid, start time (a pid alone is soon somebody else's), and a word that never comes twice. */
export function describeProcess(pid = process.pid) {
  return `${pid} ${startOf(pid) || "-"} ${randomBytes(8).toString("hex")}`;
}

/**
 * Whether the process that wrote `line` still runs. When in doubt it does: a wrong "dead" would break a lock.
 * @param {string} line
 */
export function isWriterAlive(line) {
  const [pid, started] = line.trim().split(" ");
  if (!isPidAlive(Number(pid))) return false;
  const now = startOf(Number(pid));
  return now === "" || started === "-" || now === started;
}

// --- the lock ---------------------------------------------------------------------------------------------------

/**
 * Runs `work` while no other process (or other call in this one) holds `file`. A lock whose holder is dead is taken over.
 * `onWait` is called once when somebody alive holds it; after `timeoutSeconds` the wait ends with an error.
 * @template T
 * @param {string} file
 * @param {() => T | Promise<T>} work
 */
export async function withLock(file, work, { timeoutSeconds = 180, onWait = () => {} } = {}) {
  const me = describeProcess();
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (let told = false; !createOnce(file, me);) {
    const holder = readIfThere(file);
    if (holder === null) continue; // let go of in this very moment
    if (!isWriterAlive(holder)) {
      removeDead(file, holder, me);
      continue;
    }
    if (Date.now() > deadline)
      throw new Error(
        `${file} is held by process ${holder.split(" ")[0]} for more than ${timeoutSeconds} s. End that process, or wait for it.`,
      );
    if (!told) onWait();
    told = true;
    await sleep(25);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * Takes `file` for as long as this process lives, without waiting; `release` lets go. Answers the pid of who has it.
 * @param {string} file
 * @returns {{ release: () => void } | { holder: number }}
 */
export function claim(file) {
  const me = describeProcess();
  while (!createOnce(file, me)) {
    const holder = readIfThere(file);
    if (holder === null) continue;
    if (isWriterAlive(holder)) return { holder: Number.parseInt(holder, 10) };
    removeDead(file, holder, me);
  }
  return { release: () => rmSync(file, { force: true }) };
}

/**
 * Removes a lock whose holder is dead. Two who both find it dead must not both remove it: the slower one would remove the
 * lock that the faster one holds by now. So the right to remove exactly this holder's lock is itself a lock, named after
 * the holder's unique word; if its owner dies too, the same rule frees it.
 * @param {string} file
 * @param {string} holder
 * @param {string} me
 */
function removeDead(file, holder, me) {
  const claim = `${file}.${holder.trim().split(" ")[2] ?? "unnamed"}`;
  if (createOnce(claim, me)) {
    if (readIfThere(file) === holder) rmSync(file, { force: true });
    rmSync(claim, { force: true });
    return;
  }
  const claimant = readIfThere(claim);
  if (claimant !== null && !isWriterAlive(claimant)) removeDead(claim, claimant, me);
}

function readIfThere(/** @type {string} */ file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}
