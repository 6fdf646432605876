// Keeps what a launcher runs running: web, worker and database are each started again when they die, after waits that
// grow, until one of them dies too often.
import { readFileSync } from "node:fs";
import path from "node:path";
import { messageOf } from "./failures.mjs";
import { end, say, WRONG_SETTINGS } from "./processes.mjs";

/** As many ends within a minute are no accident any more. */
const ENDS_MAX = 5;
const MINUTE_MS = 60_000;
const LOOK_MS = 2_000;

/** @typedef {import("./processes.mjs").Child} Child */
/**
 * Why it is given up, and the code to end with.
 * @typedef {{ sentence: string, code: number }} End
 */

/** Counts the ends of the last minute, each when it is told of. */
function countEnds() {
  /** @type {number[]} */
  let at = [];
  return () => {
    const now = Date.now();
    at = [...at.filter((end) => now - end < MINUTE_MS), now];
    return at.length;
  };
}

/**
 * @param {string} name
 * @param {readonly string[]} words
 */
const tooOften = (name, words) =>
  [`The ${name} ended ${ENDS_MAX} times within a minute, so everything is stopped. Its last words:`, ...words].join(
    "\n",
  );

/**
 * Runs a process, and again when it ends: at once, then after 1, 2 and 4 s, once `ready` has been waited for. `gaveUp`
 * resolves when that is of no use, because it ended too often or a setting is wrong. `again` ends the one that runs, for the
 * next to begin with what has changed, and counts for nothing; `over` begins no other.
 * @param {string} name
 * @param {() => Child} begin
 * @param {() => Promise<void>} ready
 */
export function keepRunning(name, begin, ready) {
  const ended = countEnds();
  let over = false;
  let meant = false;
  /** @type {Child | null} */
  let child = null;
  const run = async () => {
    for (;;) {
      meant = false;
      child = begin();
      const { lastWords } = child;
      const code = await child.ended.catch(() => 1);
      child = null;
      // Ctrl-C reaches it at the same moment as us, and its end may be heard before our own signal
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (over) return null;
      if (code === WRONG_SETTINGS) return { sentence: `The ${name} does not start with these settings.`, code: 1 };
      if (!meant) {
        const ends = ended();
        if (ends >= ENDS_MAX) return { sentence: tooOften(name, lastWords), code: code || 1 };
        const seconds = ends === 1 ? 0 : 2 ** (ends - 2);
        say(`The ${name} ended (code ${code}); it is started again${seconds === 0 ? "" : ` in ${seconds} s`}.`);
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      }
      await ready();
      if (over) return null;
    }
  };
  const running = run();
  return {
    /** @type {Promise<End>} */
    gaveUp: new Promise((resolve, reject) => {
      running.then((why) => why && resolve(why), reject);
    }),
    again: () => {
      meant = true;
      if (child) void end(child);
    },
    over: () => void (over = true),
  };
}

/**
 * Looks after an embedded database, whoever started it. `ready` resolves once it answers; `onMoved` hears of another address.
 * A look that fails because the server is alive and silent is said, and comes again: it may be recovering.
 * @param {import("./embedded-db.mjs").EmbeddedDatabase} database
 * @param {{ dataDir: string, onMoved: (url: string) => void }} options
 */
export function keepDatabase(database, { dataDir, onMoved }) {
  const ended = countEnds();
  let over = false;
  let { url } = database;
  /** @type {(end: End) => void} */
  let giveUp = () => {};
  /** @type {Promise<End>} */
  const gaveUp = new Promise((resolve) => (giveUp = resolve));
  /** @type {Promise<void> | null} */
  let looking = null;

  async function look() {
    try {
      const found = await database.ensure();
      if (found.url !== url) onMoved((url = found.url));
      if (found.reused) return;
      say("The embedded database had ended; it was started again.");
      if (ended() >= ENDS_MAX) giveUp({ sentence: tooOften("embedded database", lastLines(dataDir)), code: 1 });
    } catch (error) {
      say(messageOf(error));
      if (ended() >= ENDS_MAX) giveUp({ sentence: tooOften("embedded database", lastLines(dataDir)), code: 1 });
    }
  }
  const ready = () => (looking ??= look().finally(() => (looking = null)));
  const watch = async () => {
    while (!over) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (!over) await ready();
    }
  };
  void watch();
  return { gaveUp, ready, over: () => void (over = true) };
}

/** @param {string} dataDir */
function lastLines(dataDir) {
  try {
    return readFileSync(path.join(dataDir, "pg.log"), "utf8").trimEnd().split("\n").slice(-20);
  } catch {
    return [];
  }
}
