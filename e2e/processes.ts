import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { createRequire } from "node:module";
import path from "node:path";
import { expect } from "@playwright/test";
import type { ServerNote } from "./server-note";

/* More processes of the same build on the server's own database: to share its work, to be ended, to be killed. */

const ROOT = path.resolve(import.meta.dirname, "..");
const NEXT = createRequire(import.meta.url).resolve("next/dist/bin/next");

type Settings = Record<string, string>;

function start(server: ServerNote, script: string, args: string[], settings: Settings): ChildProcess {
  const env = {
    ...process.env,
    NODE_ENV: "production" as const,
    NEXT_TELEMETRY_DISABLED: "1",
    NODE_NO_WARNINGS: "1",
    DATABASE_URL: server.databaseUrl,
    EMBEDDED_DATABASE: "1",
    DATA_DIR: server.dataDir,
    NEXTAUTH_SECRET: server.secret,
    CRON_SECRET: server.secret,
    LOG_LEVEL: "warn",
    ...settings,
  };
  return spawn(process.execPath, [script, ...args], { cwd: ROOT, env, stdio: ["ignore", "ignore", "inherit"] });
}

export const startWorker = (server: ServerNote, settings: Settings = {}): ChildProcess =>
  start(server, path.join(ROOT, ".build/worker.mjs"), [], settings);

/** A web process that answers at `origin`. */
export async function startWeb(server: ServerNote, origin: string, settings: Settings = {}): Promise<ChildProcess> {
  const { hostname, port } = new URL(origin);
  const web = start(server, NEXT, ["start", "-H", hostname, "-p", port], { PUBLIC_URL: origin, ...settings });
  const status = () =>
    fetch(`${origin}/api/health`).then(
      ({ status }) => status,
      () => null,
    );
  await expect.poll(status, { timeout: 60_000, intervals: [100] }).toBe(200);
  return web;
}

/** An origin at which nothing listens. */
export async function freeOrigin(): Promise<string> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return `http://127.0.0.1:${port}`;
}

/** Resolves once the process is gone. */
export async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}
