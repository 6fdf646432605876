// A product of its own on a scratch folder, with demo data, for scripts that need one: started, and taken away again.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { projectRoot } from "./data-dir.mjs";

/**
 * The facts of the demo data.
 * @typedef {{ url: string, email: string, password: string, workspace: string, project: string, apiKey: string }} Demo
 */

/**
 * Calls `run` with a product that answers on the port and has its demo data, builds it before where it is not built, and
 * ends it whatever happens. Throws when it does not start within fifteen minutes, a build among them.
 * @param {{ port: string, env?: Record<string, string> }} options
 * @param {(demo: Demo) => Promise<void>} run
 */
export async function withScratchProduct({ port, env = {} }, run) {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), "reprieve-scratch-"));
  const product = spawn(process.execPath, [path.join(projectRoot, "scripts/launch.mjs"), "start"], {
    env: { ...process.env, ...env, PORT: port, DATA_DIR: dataDir, LOG_LEVEL: "error" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise((resolve) => product.once("exit", resolve));
  try {
    await run(await untilReady(product, path.join(dataDir, "demo.json"), port));
  } finally {
    product.kill("SIGTERM");
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/**
 * @param {import("node:child_process").ChildProcess} product
 * @param {string} demoFile
 * @param {string} port
 * @returns {Promise<Demo>}
 */
async function untilReady(product, demoFile, port) {
  const deadline = Date.now() + 900_000;
  for (;;) {
    if (existsSync(demoFile)) {
      const health = await fetch(`http://localhost:${port}/api/health`).catch(() => null);
      if (health?.ok) return JSON.parse(readFileSync(demoFile, "utf8"));
    }
    if (product.exitCode !== null || Date.now() > deadline) throw new Error("The product did not start.");
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
