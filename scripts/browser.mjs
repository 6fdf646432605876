// The browser that the tests in e2e/ and the screenshots use. There is always one, or a sentence that says how to get it:
// the tests are never skipped.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright";

const SYSTEM = [
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
  return process.platform === "linux" && fonts.stdout?.trim() === "";
}

/**
 * The same; where there is none, or no Japanese font, they are installed by apt-get if this user may. Throws with the
 * commands to run when there is no browser then.
 */
export function findBrowser({ log = (line) => process.stderr.write(`${line}\n`) } = {}) {
  const found = lookForBrowser();
  const missing = [...(found ? [] : ["chromium"]), ...(found && !lacksJapanese() ? [] : ["fonts-noto-cjk"])];
  if (missing.length > 0 && process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0) {
    log(`Installing ${missing.join(" and ")} with apt-get …`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
    const installed = spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
      env,
      encoding: "utf8",
    });
    if (installed.status !== 0) log(installed.stderr ?? "");
  }
  const now = found ?? lookForBrowser();
  if (now) return now;
  throw new Error(
    "There is no Chromium for the browser tests. Run one of these, or set CHROMIUM_PATH:\n  sudo apt-get install -y chromium fonts-noto-cjk\n  npx playwright install chromium",
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(findBrowser());
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
