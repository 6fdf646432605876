// The server under test: the production build and its worker on an embedded PostgreSQL of their own, in a fresh folder.
// It leaves word of itself in E2E_DIR/server.json for the fixtures. SIGTERM stops and removes all of it.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { ensureBuilt } from "../scripts/build.mjs";
import { projectRoot } from "../scripts/data-dir.mjs";
import { startEmbeddedDatabase } from "../scripts/embedded-db.mjs";

const require = createRequire(import.meta.url);
const { E2E_DIR: directory, E2E_PORT: port } = process.env;
if (!directory || !port)
  throw new Error("E2E_DIR and E2E_PORT are set by playwright.config.ts: run npx playwright test.");

let web = null;
let worker = null;
let asked = false;
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"])
  process.on(signal, () => {
    asked = true;
    web?.kill("SIGTERM");
  });

let database = null;
let code = 1;
try {
  await ensureBuilt();
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  database = await startEmbeddedDatabase({
    dir: directory,
    flags: ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
  });
  const secret = "secret-of-the-browser-tests-only";
  const env = {
    ...process.env,
    NODE_ENV: "production",
    NEXT_TELEMETRY_DISABLED: "1",
    CHECKPOINT_DISABLE: "1",
    DATABASE_URL: database.url,
    EMBEDDED_DATABASE: "1",
    DATA_DIR: directory,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    NEXTAUTH_SECRET: secret,
    CRON_SECRET: secret,
    LOG_LEVEL: "warn",
    TRAINING_CONCURRENCY: "2", // no test waits for another's
  };
  await run(require.resolve("prisma/build/index.js"), ["migrate", "deploy"], env);
  await run(path.join(projectRoot, ".build/migrate.mjs"), [], env);
  worker = spawn(process.execPath, [path.join(projectRoot, ".build/worker.mjs")], {
    cwd: projectRoot,
    env,
    stdio: "inherit",
  });
  writeFileSync(
    path.join(directory, "server.json"),
    JSON.stringify({ databaseUrl: database.url, dataDir: directory, secret, workerPid: worker.pid }),
    { mode: 0o600 },
  );
  code = asked ? 0 : await serve(env);
} catch (error) {
  console.error(error.message);
} finally {
  await stopWorker();
  await database?.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(asked ? 0 : code);

/** Runs a step and shows what it said only when it fails. */
function run(script, args, env) {
  return new Promise((resolve, reject) => {
    const said = [];
    const child = spawn(process.execPath, [script, ...args], {
      cwd: projectRoot,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => said.push(chunk));
    child
      .once("error", reject)
      .once("close", (status) =>
        status === 0
          ? resolve()
          : reject(new Error(`${path.basename(script)} ${args.join(" ")} failed:\n${Buffer.concat(said)}`)),
      );
  });
}

function serve(env) {
  web = spawn(process.execPath, [require.resolve("next/dist/bin/next"), "start", "-H", "127.0.0.1", "-p", port], {
    cwd: projectRoot,
    env,
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => web.once("error", reject).once("exit", (status) => resolve(status ?? 1)));
}

function stopWorker() {
  if (!worker || worker.exitCode !== null || worker.signalCode !== null) return;
  return new Promise((resolve) => worker.once("exit", resolve).kill("SIGTERM"));
}
