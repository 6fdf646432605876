import os from "node:os";
import path from "node:path";
import { defineConfig, devices } from "@playwright/test";
import { findBrowser } from "./scripts/browser.mjs";

/*
 * Journeys in a real browser against the production build. e2e/server.mjs starts it with a database of its own and leaves
 * word in E2E_DIR; the variables are set here, so that the server and every worker, which load this file too, agree and look once.
 */

const port = Number((process.env["E2E_PORT"] ??= "3210"));
const directory = (process.env["E2E_DIR"] ??= path.join(os.tmpdir(), `reprieve-e2e-${port}`));
const baseURL = `http://127.0.0.1:${port}`;

process.env["CHROMIUM_PATH"] ??= findBrowser();

const TRAINING = /(trainings|fleet\.long|trash-jobs\.long)\.spec\.ts$/;

export default defineConfig({
  testDir: "e2e",
  globalTeardown: "./e2e/teardown.ts",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  projects: [
    // These look at the server's one worker and at its children, or start another: one of them at a time.
    { name: "training", testMatch: TRAINING, workers: 1 },
    { name: "journeys", testIgnore: TRAINING },
  ],
  forbidOnly: Boolean(process.env["CI"]),
  // A machine that stalls must not stop a change; scripts/test.mjs names every test that needed its second go.
  retries: process.env["CI"] ? 1 : 0,
  reporter: [["list"]],
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    ...devices["Desktop Chrome"],
    baseURL,
    locale: "en-US",
    timezoneId: "UTC",
    trace: "on-first-retry", // recording costs a third of the time
    launchOptions: {
      executablePath: process.env["CHROMIUM_PATH"],
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  webServer: {
    command: "node e2e/server.mjs",
    url: `${baseURL}/api/health`,
    env: { E2E_PORT: String(port), E2E_DIR: directory },
    reuseExistingServer: !process.env["CI"],
    stdout: "pipe",
    timeout: 600_000, // a first build may be among it
    gracefulShutdown: { signal: "SIGTERM", timeout: 20_000 }, // killed, it would leave its database running
  },
});
