// The database of a product that starts: opened, and brought up to date before anybody else looks at it.
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import pg from "pg";
import { makePrivateDir, projectRoot as root, provideSecrets } from "./data-dir.mjs";
import { startEmbeddedDatabase } from "./embedded-db.mjs";
import { codeOf, messageOf } from "./failures.mjs";
import { Asked, checkAsked, Refusal, say, step, stop } from "./processes.mjs";

const MIGRATION_LOCK = 5_270_001; // any number, as long as every launcher takes the same
const require = createRequire(import.meta.url);

/**
 * The environment of every child, once the database is open.
 * @typedef {NodeJS.ProcessEnv & { DATABASE_URL: string }} Environment
 */

/**
 * `embedded`: null for a database that somebody else looks after.
 * @typedef {{ env: Environment, embedded: import("./embedded-db.mjs").EmbeddedDatabase | null, release: () => Promise<void> }} Database
 */

/**
 * Opens the database (embedded unless DATABASE_URL is set) and returns what every child gets as its environment.
 * @param {{ dataDir: string, port: string, publicUrl: string }} settings
 * @returns {Promise<Database>}
 */
export async function openDatabase(settings) {
  /** @type {NodeJS.ProcessEnv} */
  const env = {
    ...process.env,
    NEXT_TELEMETRY_DISABLED: "1",
    CHECKPOINT_DISABLE: "1",
    DATA_DIR: settings.dataDir,
    PORT: settings.port,
    PUBLIC_URL: settings.publicUrl,
  };
  delete env.HOSTNAME; // containers set it, and Next would listen there
  delete env.EMBEDDED_DATABASE; // ours to say: it unlocks what nobody may do on a database of their own
  provideSecrets(settings.dataDir, env);
  const { DATABASE_URL } = env;
  if (DATABASE_URL) return { env: { ...env, DATABASE_URL }, embedded: null, release: async () => {} };
  settings.dataDir = env.DATA_DIR = makePrivateDir(settings.dataDir);
  const embedded = await startEmbeddedDatabase({ dir: settings.dataDir, log: say });
  return {
    env: { ...env, DATABASE_URL: embedded.url, EMBEDDED_DATABASE: "1" },
    embedded,
    release: embedded.stop,
  };
}

/**
 * Opens the connection that holds the migration lock until it ends: one launcher at a time, on any machine. It is a
 * transaction's lock, so it goes with its connection, and a pooler between us and the database does no harm.
 * @param {Environment} env
 */
async function lockMigrations(env) {
  const client = new pg.Client({
    connectionString: env.DATABASE_URL,
    connectionTimeoutMillis: 15_000,
    application_name: "reprieve-launch",
  });
  client.on("error", () => {}); // without it, a connection that breaks would end this process
  stop.whenAsked = () => void client.end().catch(() => {}); // do not sit in the queue for the lock
  try {
    await client.connect();
    await client.query("BEGIN");
    for (const name of ["idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout"])
      await client.query(`SET LOCAL ${name} = 0`);
    await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    checkAsked();
    throw error;
  } finally {
    stop.whenAsked = () => {};
  }
}

/**
 * Makes the database that DATABASE_URL names, as `prisma migrate deploy` would, but without a quarrel when two do.
 * @param {Environment} env
 */
async function createDatabase(env) {
  const url = new URL(env.DATABASE_URL);
  const name = decodeURIComponent(url.pathname.slice(1));
  url.pathname = "/postgres";
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 15_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
  } catch (error) {
    if (!["42P04", "23505"].includes(codeOf(error) ?? "")) throw error; // another launcher was faster
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Brings the database up to date: Prisma's migrations, then the job queue's tables.
 * @param {Environment} env
 * @param {{ always: boolean }} options the job queue's tables even when nothing is missing
 */
export async function migrate(env, { always }) {
  const client = await lockMigrations(env)
    .catch(async (error) => {
      if (codeOf(error) !== "3D000") throw error;
      await createDatabase(env);
      return lockMigrations(env);
    })
    .catch((error) => {
      if (error instanceof Asked) throw error;
      throw new Refusal(
        `DATABASE_URL: the database at ${new URL(env.DATABASE_URL).host} cannot be used (${[codeOf(error), messageOf(error)].filter(Boolean).join(": ")}).`,
      );
    });
  try {
    const state = await readMigrations(env);
    const prisma = require.resolve("prisma/build/index.js");
    // detached: Ctrl-C must not cut a migration off, or the next start finds a half-told history
    if (env.EMBEDDED_DATABASE)
      for (const name of state.cutOff) {
        // a script runs in one transaction: cut off, it left nothing behind. On a database that is not ours, people decide.
        say(`The migration ${name} was cut off; it is run again.`);
        await step(prisma, ["migrate", "resolve", "--rolled-back", name], env, { detached: true });
      }
    if (!state.upToDate) await step(prisma, ["migrate", "deploy"], env, { detached: true });
    if (always || !state.upToDate || !state.hasQueue)
      await step(path.join(root, ".build/migrate.mjs"), [], env, { detached: true });
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * What the database says of its migrations, compared with the folders that we have.
 * @param {Environment} env
 * @returns {Promise<{ upToDate: boolean, cutOff: string[], hasQueue: boolean }>}
 */
async function readMigrations(env) {
  const folder = path.join(root, "prisma/migrations");
  const ours = existsSync(folder)
    ? readdirSync(folder).filter((name) => existsSync(path.join(folder, name, "migration.sql")))
    : [];
  const schema = new URL(env.DATABASE_URL).searchParams.get("schema") ?? "public";
  const client = new pg.Client({ connectionString: env.DATABASE_URL, connectionTimeoutMillis: 15_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query(
      `SELECT migration_name AS name, finished_at IS NOT NULL AS finished FROM "${schema.replaceAll('"', '""')}"._prisma_migrations WHERE rolled_back_at IS NULL`,
    );
    const queue = await client.query("SELECT to_regclass('pgboss.queue') IS NOT NULL AS there");
    const applied = new Set(rows.filter((row) => row.finished).map((row) => row.name));
    const cutOff = rows.filter((row) => !row.finished).map((row) => row.name);
    const upToDate =
      ours.length > 0 && cutOff.length === 0 && applied.size === ours.length && ours.every((name) => applied.has(name));
    return { upToDate, cutOff, hasQueue: queue.rows[0].there };
  } catch {
    return { upToDate: false, cutOff: [], hasQueue: false }; // never migrated; anything worse, Prisma will say
  } finally {
    await client.end().catch(() => {});
  }
}
