// `npm run prisma -- <arguments>`: Prisma's CLI. Commands that need a database get the embedded one (under DATA_DIR,
// shared with whatever else uses it) when DATABASE_URL is unset.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { projectRoot } from "./data-dir.mjs";
import { startEmbeddedDatabase } from "./embedded-db.mjs";
import { messageOf } from "./failures.mjs";

const args = process.argv.slice(2);
const needsDatabase = ["migrate", "db", "studio"].includes(args[0] ?? "") && !args.includes("--help");

/** @type {import("node:child_process").ChildProcess | null} */
let child = null;
/** @type {NodeJS.Signals | null} */
let asked = null;
// taken from the first moment on: dying of Ctrl-C while the database starts would leave it running
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(name, (/** @type {NodeJS.Signals} */ signal) => {
    asked ??= signal;
    child?.kill(signal);
  });

let database = null;
let code = 1;
try {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, CHECKPOINT_DISABLE: "1" };
  if (!env.DATABASE_URL && needsDatabase) {
    database = await startEmbeddedDatabase({ log: (line) => console.error(line) });
    env.DATABASE_URL = database.url;
  }
  if (!asked)
    code = await new Promise((resolve, reject) => {
      child = spawn(process.execPath, [createRequire(import.meta.url).resolve("prisma/build/index.js"), ...args], {
        cwd: projectRoot,
        stdio: "inherit",
        env,
      });
      child.once("error", reject).once("exit", (status) => resolve(status ?? 1));
    });
} catch (error) {
  console.error(messageOf(error));
}
await database?.stop();
process.exit(code);
