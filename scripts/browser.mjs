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

/** The same; where there is none, it is installed by apt-get if this user may. Throws with the commands to run. */
export function findBrowser({ log = (line) => process.stderr.write(`${line}\n`) } = {}) {
  const found = lookForBrowser();
  if (found) return found;
  if (process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0) {
    log("Installing Chromium with apt-get …");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
    const installed = spawnSync(
      "apt-get",
      ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-noto-cjk"],
      { env, encoding: "utf8" },
    );
    const now = lookForBrowser();
    if (now) return now;
    log(installed.stderr ?? "");
  }
  throw new Error(
    "There is no Chromium for the browser tests. Run one of these, or set CHROMIUM_PATH:\n  sudo apt-get install -y chromium\n  npx playwright install chromium",
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
