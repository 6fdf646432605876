import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { pidsOf } from "@/lib/testing/processes";
import { isAlive, until } from "@/lib/testing/watch-processes";
import { ensureBuilt } from "./build.mjs";

// The product as `npm start` runs it, on a data folder of its own; its processes are killed from outside.

const LAUNCHER = path.resolve(import.meta.dirname, "launch.mjs");
/** What kills do must be mended within. */
const BACK_MS = 15_000;
const FIRST_MS = 60_000;

/** Nothing of the tests' own database and store. */
const ENV: NodeJS.ProcessEnv = {
  NODE_ENV: "production",
  PATH: process.env["PATH"],
  DEMO: "0",
  LOG_LEVEL: "fatal",
};

vi.setConfig({ testTimeout: 180_000, hookTimeout: 600_000 }); // each test waits for several starts, and the first for a build
beforeAll(() => ensureBuilt({ log: () => {} }));

let dir: string;
let port: number;
let started: ChildProcess[];

beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), "reprieve-supervise-"));
  started = [];
  const probe = await listen(0);
  port = (probe.address() as AddressInfo).port;
  await new Promise((resolve) => probe.close(resolve));
});

afterEach(async () => {
  for (const child of started) child.kill("SIGTERM");
  await Promise.all(
    started.map((child) => child.exitCode === null && child.signalCode === null && once(child, "exit")),
  );
  await until("the database is gone", () => databasePid() === null || !isAlive(databasePid()!));
  rmSync(dir, { recursive: true, force: true });
});

async function listen(wanted: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.listen(wanted, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function launch(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [LAUNCHER, "start"], {
    env: { ...ENV, PORT: String(port), DATA_DIR: dir, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  const said = { text: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said.text += String(chunk)));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, said, ended };
}

const isHealthy = async (): Promise<boolean> =>
  (await fetch(`http://127.0.0.1:${port}/api/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => null))?.ok ??
  false;

function databasePid(): number | null {
  const file = path.join(dir, "pg/postmaster.pid");
  return existsSync(file) ? Number.parseInt(readFileSync(file, "utf8"), 10) : null;
}
const databasePort = () => Number(readFileSync(path.join(dir, "pg/postmaster.pid"), "utf8").split("\n")[3]);

/** Of a launcher: its worker, or its web process; another one than `before`. */
const childOf = (launcher: ChildProcess, script: string, before = 0, deadlineMs = BACK_MS): Promise<number> =>
  until(
    `${script} under the launcher`,
    async () => (await pidsOf(script)).find((pid) => pid !== before && parentOf(pid) === launcher.pid),
    deadlineMs,
  );
function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null;
  }
}
const WEB = "next-server";
const WORKER = "worker.mjs";

async function kill(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await until("it is gone", () => !isAlive(pid));
}

test("web, worker and database come back when they are killed; a second start is refused; the end is in order", async () => {
  const { child, said, ended } = launch();
  await until("the first answer", isHealthy, FIRST_MS);

  const second = launch();
  expect(await second.ended).toBe(1);
  expect(second.said.text).toBe(
    `Reprieve already runs on ${dir} (process ${child.pid}). Stop it first, or set DATA_DIR to another folder.\n`,
  );

  const web = await childOf(child, WEB);
  await kill(web);
  await until("the web process is back", isHealthy, BACK_MS);
  expect(await childOf(child, WEB)).not.toBe(web);

  const worker = await childOf(child, WORKER);
  await kill(worker);
  await childOf(child, WORKER, worker);

  const [before, portBefore] = [databasePid()!, databasePort()];
  await kill(before);
  await until("the database is back", isHealthy, BACK_MS);
  expect(databasePid()).not.toBe(before);
  expect(databasePort()).toBe(portBefore);

  // its port is somebody else's now
  await kill(databasePid()!);
  const squatter = await until("the port", () => listen(portBefore).catch(() => null));
  await until("the database is back elsewhere", isHealthy, 2 * BACK_MS); // web and worker are told to end first
  expect(databasePort()).not.toBe(portBefore);
  await new Promise((resolve) => squatter.close(resolve));

  const askedAt = Date.now();
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(Date.now() - askedAt).toBeLessThan(10_000);
  expect(existsSync(path.join(dir, "pg/postmaster.pid"))).toBe(false); // shut down, not killed
  expect(readdirSync(path.join(dir, "pg.users"))).toEqual([]);
  expect(said.text).toContain("The web process ended");
});

test("the death of the launcher ends all of it within ten seconds, and the next start is clean", async () => {
  const first = launch();
  await until("the first answer", isHealthy, FIRST_MS);
  const all = [await childOf(first.child, WEB), await childOf(first.child, WORKER), databasePid()!];
  await kill(first.child.pid!);
  await until("all are gone", () => !all.some(isAlive), 10_000);
  await until("the database was shut down", () => databasePid() === null);

  const next = launch();
  await until("the next answer", isHealthy, BACK_MS * 2);
  expect(next.said.text).not.toContain("ended");
});

test("what dies five times within a minute stops everything, and its last words are repeated", async () => {
  const { child, said, ended } = launch();
  await until("the first answer", isHealthy, FIRST_MS);
  for (let worker = 0, killed = 0; killed < 5; killed += 1) {
    worker = await childOf(child, WORKER, worker);
    await kill(worker);
  }
  expect(await ended).toBe(1);
  expect(said.text).toContain("The worker ended 5 times within a minute, so everything is stopped.");
  expect(databasePid()).toBeNull();
  expect(await isHealthy()).toBe(false);
});

test.each([
  [{ CRON_SECRET: "too-short" }, "CRON_SECRET must have at least 16 characters"],
  [{ KEEP_ALIVE_SECONDS: "long" }, 'KEEP_ALIVE_SECONDS must be a number of seconds from 1 to 9999, not "long".'],
  [{ UPLOADS: "store" }, "UPLOADS=store needs an object store that browsers can reach"],
])("a wrong setting ends the start with its sentence alone: %o", async (env, sentence) => {
  const { said, ended } = launch(env);
  expect(await ended).toBe(1);
  const lines = said.text.split("\n").filter((line) => line !== "" && !/embedded PostgreSQL|^Buil/.test(line));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(sentence);
});
