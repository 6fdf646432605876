// The browser that the tests in e2e/ and the screenshots use. There is always one, or a sentence that says how to get it:
// the tests are never skipped.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright";
import { messageOf } from "./failures.mjs";

// The shell has no window to draw: with it the tests take two thirds of the time, with a browser's traces off a third.
const SHELL = "/usr/bin/chromium-headless-shell";
const SYSTEM = [
  SHELL,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The path of a Chromium: CHROMIUM_PATH, the system's, Playwright's own; null when there is none. */
function lookForBrowser() {
  const given = process.env.CHROMIUM_PATH;
  if (given) {
    if (!existsSync(given)) throw new Error(`CHROMIUM_PATH is ${given}, and there is nothing there.`);
    return given;
  }
  return [...SYSTEM, chromium.executablePath()].find((file) => existsSync(file)) ?? null;
}

/** Without one, Japanese is a row of empty boxes, of other widths than anybody sees. */
function lacksJapanese() {
  const fonts = spawnSync("fc-list", [":lang=ja"], { encoding: "utf8" });
  return process.platform === "linux" && !fonts.stdout?.trim(); // nor fc-list itself
}

/** Debian's package, if this user may install; what apt-get said otherwise. */
function install(/** @type {string} */ name, /** @type {(line: string) => void} */ log) {
  log(`Installing ${name} with apt-get …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
  const args = ["install", "-y", "-qq", "--no-install-recommends", name];
  const { status, stderr } = spawnSync("apt-get", args, { env, encoding: "utf8" });
  if (status !== 0) log(stderr);
}

/**
 * The same; what is missing, the shell (or else a browser) or a Japanese font, is installed if this user may. Throws with
 * the commands to run when there is no browser then.
 */
export function findBrowser({ log = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`) } = {}) {
  if (process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0) {
    if (!process.env.CHROMIUM_PATH && lookForBrowser() !== SHELL) install("chromium-headless-shell", log);
    if (!lookForBrowser()) install("chromium", log);
    if (lacksJapanese()) install("fonts-noto-cjk", log);
  }
  const now = lookForBrowser();
  if (now) return now;
  throw new Error(
    "There is no Chromium for the browser tests. Run one of these, or set CHROMIUM_PATH:\n  sudo apt-get install -y chromium-headless-shell fonts-noto-cjk\n  npx playwright install chromium",
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(findBrowser());
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
