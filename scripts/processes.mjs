// The processes under a launcher, which end with it, and how it is asked to stop.
import { spawn } from "node:child_process";
import path from "node:path";
import { projectRoot as root } from "./data-dir.mjs";

/** How long a process may take to end when it is told to; the database's own end comes after it, within ten seconds in all. */
const STOP_SECONDS = 5;
/** How a process of ours says that a setting is wrong, and that starting it again is of no use: EX_CONFIG of sysexits.h. */
export const WRONG_SETTINGS = 78;
const LAST_LINES = 20;

export const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);

/** What a person at the terminal has to change: its message is a sentence for them, without a stack. */
export class Refusal extends Error {}
/** Somebody asked us to stop while we were still starting. */
export class Asked extends Error {}

/**
 * `lastWords`: the last lines of one whose words are kept.
 * @typedef {import("node:child_process").ChildProcess & { ended: Promise<number>, lastWords: string[] }} Child
 */

/** @type {Set<Child>} */
const children = new Set();

/**
 * The signal that asked us to stop, and what is done at once when one does.
 * @type {{ asked: string | null, whenAsked: () => void }}
 */
export const stop = { asked: null, whenAsked: () => {} };

export function checkAsked() {
  if (stop.asked) throw new Asked();
}

// A second signal changes nothing: npm passes on the Ctrl-C that we have heard already, and the database must be let go.
export function askToStop(/** @type {string} */ signal) {
  if (stop.asked) return;
  stop.asked = signal;
  stop.whenAsked();
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

/**
 * Starts a Node process; `ended` resolves to its exit code (1 for a signal) and rejects when it could not start.
 * `keepWords` passes on what it says and keeps the end of it.
 * @param {string} script
 * @param {string[]} args
 * @param {{ env: NodeJS.ProcessEnv, stdio?: import("node:child_process").StdioOptions, detached?: boolean, keepWords?: boolean }} options
 * @returns {Child}
 */
export function start(
  script,
  args,
  { env, detached = false, keepWords = false, stdio = keepWords ? ["inherit", "pipe", "pipe"] : "inherit" },
) {
  const lifeline = detached ? [] : ["--import", LIFELINE];
  const spawned = spawn(process.execPath, [...lifeline, script, ...args], {
    cwd: root,
    stdio,
    detached,
    env: { ...env, LAUNCHER_PID: String(process.pid) },
  });
  /** @type {Promise<number>} */
  const closed = new Promise((resolve, reject) => {
    spawned.once("error", reject);
    spawned.once("close", (code) => resolve(code ?? 1));
  });
  /** @type {Child} */
  const child = Object.assign(spawned, { ended: closed.finally(() => children.delete(child)), lastWords: [] });
  children.add(child);
  if (keepWords)
    for (const [from, to] of /** @type {const} */ ([
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]))
      from?.on("data", (/** @type {Buffer} */ chunk) => {
        to.write(chunk);
        child.lastWords.push(...chunk.toString().split("\n").filter(Boolean));
        child.lastWords.splice(0, child.lastWords.length - LAST_LINES);
      });
  child.ended.catch(() => {}); // whoever waits for it hears it; nobody may
  return child;
}

/**
 * Runs one step of the start; what it says is kept back and shown only when it fails. A detached one is never cut off.
 * @param {string} script
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export async function step(script, args, env, { detached = false } = {}) {
  checkAsked();
  const child = start(script, args, { env, stdio: ["ignore", "pipe", "pipe"], detached });
  /** @type {Buffer[]} */
  const said = [];
  child.stdout?.on("data", (chunk) => said.push(chunk));
  child.stderr?.on("data", (chunk) => said.push(chunk));
  if (!detached) stop.whenAsked = () => child.kill("SIGTERM");
  const code = await child.ended;
  stop.whenAsked = () => {};
  checkAsked();
  if (code === 0) return;
  const words = Buffer.concat(said).toString();
  if (code === WRONG_SETTINGS) throw new Refusal(words.trim());
  process.stderr.write(words);
  throw new Refusal(`${[path.basename(script), ...args].join(" ")} failed (code ${code}).`);
}

/**
 * Tells a process to end, and kills it when it is late.
 * @param {Child} child
 */
export async function end(child) {
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), STOP_SECONDS * 1000);
  await child.ended.catch(() => {});
  clearTimeout(late);
}

export const stopChildren = () => Promise.all([...children].map(end));
