#!/usr/bin/env node
// Drop-in stand-in for Prisma's native `schema-engine` executable.
// Speaks the CLI's JSON-RPC-over-stdio protocol and answers with Prisma's own engine compiled to
// WebAssembly (@prisma/schema-engine-wasm), talking to PostgreSQL through @prisma/adapter-pg.
// Used through PRISMA_SCHEMA_ENGINE_BINARY (set in prisma.config.ts), so that `prisma migrate …`
// needs no download from a vendor host.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from "@prisma/driver-adapter-utils";

const require = createRequire(import.meta.url);

// A Rust panic inside the engine reports its message here, then traps.
let panic = null;
globalThis.PRISMA_WASM_PANIC_REGISTRY = {
  set_message: (m) => {
    panic = m;
    if (process.env.SHIM_DEBUG) console.error("PANIC", m);
  },
};
let failCurrent = null;
for (const ev of ["uncaughtException", "unhandledRejection"])
  process.on(ev, (e) =>
    failCurrent
      ? failCurrent(panic ? new Error(`schema engine panicked: ${panic}`) : e)
      : (console.error(e), process.exit(1)),
  );

async function loadEngine() {
  const glue = await import("@prisma/schema-engine-wasm/schema_engine_bg");
  const dir = dirname(require.resolve("@prisma/schema-engine-wasm"));
  const { instance } = await WebAssembly.instantiate(await readFile(join(dir, "schema_engine_bg.wasm")), {
    "./schema_engine_bg.js": glue,
  });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue;
}

function parseArgs(argv) {
  const out = { datamodels: [], datasource: {}, cli: null, version: false };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === "--datamodels") out.datamodels.push(argv[++i]);
    else if (argv[i] === "--datasource") out.datasource = JSON.parse(argv[++i]);
    else if (argv[i] === "--enabled-preview-features" || argv[i] === "--extension-types") i++;
    else if (argv[i] === "--version" || argv[i] === "-V") out.version = true;
    else if (argv[i] === "cli") out.cli = argv[++i];
  }
  return out;
}

/** The catalog's one-byte type "char" (oid 18) is unknown to the adapter: fetch it as text, hand it on as Character. */
const CHAR_OID = 18,
  TEXT_OID = 25;
class CatalogClient extends pg.Client {
  query(...a) {
    const r = super.query(...a);
    if (typeof r?.then !== "function") return r;
    return r.then((res) => {
      for (const [i, f] of (res.fields ?? []).entries())
        if (f.dataTypeID === CHAR_OID) {
          f.dataTypeID = TEXT_OID;
          const values = res.rows.map((row) => row[i]);
          if (values.every((v) => v === null || v.length === 1)) (res.charColumns ??= []).push(i);
        }
      lastCharColumns = res.charColumns ?? [];
      return res;
    });
  }
}
let lastCharColumns = []; // the engine awaits one query at a time
function withChars(q) {
  const queryRaw = q.queryRaw.bind(q);
  q.queryRaw = async (query) => {
    lastCharColumns = [];
    const res = await queryRaw(query);
    for (const i of lastCharColumns) res.columnTypes[i] = ColumnTypeEnum.Character;
    return res;
  };
  return q;
}
function makePool(url) {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    Client: CatalogClient,
    application_name: "prisma-migrate",
  });
  pool.on("error", () => {});
  pool.query = async (...a) => {
    const client = await pool.connect();
    try {
      return await client.query(...a);
    } finally {
      client.release();
    }
  };
  return pool;
}

/** Whole-script executor: the stock adapter splits on ";" (breaks $$ bodies) and uses any pool connection. */
function patch(adapter) {
  withChars(adapter);
  const startTransaction = adapter.startTransaction.bind(adapter);
  adapter.startTransaction = async (...a) => withChars(await startTransaction(...a));
  adapter.executeScript = async (script) => {
    try {
      await adapter.underlyingDriver().query(script); // simple protocol: one implicit transaction, like the native engine
    } catch (e) {
      adapter.onError(e);
    }
  };
  return adapter;
}

class MigrationPg extends PrismaPg {
  constructor(url) {
    const u = new URL(url);
    const schema = u.searchParams.get("schema") ?? undefined;
    // one connection: the engine's advisory lock and SET statements are session state
    super(makePool(url), { schema });
    this.url = url;
    this.schema = schema;
  }
  async connect() {
    return patch(await super.connect());
  }
  async connectToShadowDb() {
    const name = `prisma_migrate_shadow_db_${globalThis.crypto.randomUUID()}`;
    await admin(this.url, (c) => c.query(`CREATE DATABASE "${name}"`), null);
    const u = new URL(this.url);
    u.pathname = `/${name}`;
    const inner = patch(await new PrismaPg(makePool(u.href), { schema: this.schema }).connect());
    const dispose = inner.dispose.bind(inner);
    inner.dispose = async () => {
      await dispose();
      await inner
        .underlyingDriver()
        .end()
        .catch(() => {});
      await admin(this.url, (c) => c.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`), null);
    };
    return inner;
  }
}

async function admin(url, fn, database = "postgres") {
  const u = new URL(url);
  if (database) u.pathname = `/${database}`;
  const c = new pg.Client({ connectionString: u.href, connectionTimeoutMillis: 10_000 });
  await c.connect();
  try {
    return await fn(c);
  } finally {
    await c.end();
  }
}
const dbName = (url) => decodeURIComponent(new URL(url).pathname.slice(1));
const known = (error_code, message, meta = {}) =>
  Object.assign(new Error(message), { rpc: { is_panic: false, message, meta, error_code } });
const quote = (s) => `"${s.replaceAll('"', '""')}"`;

function connectError(url, e) {
  const u = new URL(url);
  const at = `${u.hostname}:${u.port || 5432}`;
  if (e.code === "3D000") return known("P1003", `Database \`${dbName(url)}\` does not exist`);
  if (e.code === "28P01" || e.code === "28000")
    return known(
      "P1000",
      `Authentication failed against database server, the provided database credentials for \`${u.username}\` are not valid.`,
    );
  if (["ECONNREFUSED", "ENOTFOUND", "ETIMEDOUT", "EHOSTUNREACH"].includes(e.code) || e.name === "AggregateError")
    return known(
      "P1001",
      `Can't reach database server at \`${at}\`\n\nPlease make sure your database server is running at \`${at}\`.`,
    );
  return e;
}
async function createDatabase(url) {
  try {
    await admin(url, (c) => c.query(`CREATE DATABASE ${quote(dbName(url))}`));
  } catch (e) {
    if (e.code === "42P04") throw known("P1009", `Database \`${dbName(url)}\` already exists on the database server`);
    throw connectError(url, e);
  }
}

const args = parseArgs(process.argv.slice(2));

if (args.version) {
  const { version } = JSON.parse(
    readFileSync(join(dirname(require.resolve("@prisma/schema-engine-wasm")), "package.json"), "utf8"),
  );
  console.log(`schema-engine-wasm ${version}`);
  process.exit(0);
}

if (args.cli) {
  const url = args.datasource.url;
  try {
    if (args.cli === "can-connect-to-database")
      await admin(url, (c) => c.query("SELECT 1"), null).catch((e) => {
        throw connectError(url, e);
      });
    else if (args.cli === "create-database") await createDatabase(url);
    else if (args.cli === "drop-database")
      await admin(url, (c) => c.query(`DROP DATABASE IF EXISTS ${quote(dbName(url))} WITH (FORCE)`));
    process.exit(0);
  } catch (e) {
    const fields = { message: e.message, error_code: e.rpc?.error_code ?? "P1011", is_panic: false };
    // the CLI drops the first stderr line
    process.stderr.write(`\n${JSON.stringify({ level: "ERROR", target: "schema_engine::logger", fields })}\n`, () =>
      process.exit(1),
    );
    await new Promise(() => {});
  }
}

let enginePromise;
function engine() {
  return (enginePromise ??= (async () => {
    const wasm = await loadEngine();
    const factory = bindMigrationAwareSqlAdapterFactory(new MigrationPg(args.datasource.url));
    const datamodels = args.datamodels.length
      ? await Promise.all(args.datamodels.map(async (p) => [p, await readFile(p, "utf8")]))
      : undefined;
    return wasm.SchemaEngine.new(
      { datamodels },
      (log) => process.env.DEBUG && process.stderr.write(`${log}\n`),
      factory,
    );
  })());
}

let nextPrint = 1;
const send = (msg) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...msg })}\n`);

async function call(method, params) {
  const url = args.datasource.url;
  switch (method) {
    case "createDatabase":
      await createDatabase(url);
      return { databaseName: dbName(url) };
    case "ensureConnectionValidity":
      await admin(url, (c) => c.query("SELECT 1"), null).catch((e) => {
        throw connectError(url, e);
      });
      return {};
    case "getDatabaseVersion":
      return (await engine()).version(params);
    case "dbExecute":
      await admin(url, (c) => c.query(params.script), null).catch((e) => {
        throw connectError(url, e);
      });
      return null;
    case "diff": {
      const r = await (await engine()).diff({ shadowDatabaseUrl: null, ...params });
      if (r.stdout != null) send({ id: nextPrint++, method: "print", params: { content: r.stdout } });
      return { exitCode: r.exitCode };
    }
    case "reset":
      await (await engine()).reset(params);
      return null;
    default:
      return (await engine())[method](params);
  }
}

function toRpcError(e) {
  if (e?.rpc) return { code: 4466, message: "An error happened. Check the data field for details.", data: e.rpc };
  let data;
  try {
    const parsed = JSON.parse(typeof e === "string" ? e : e.message);
    data = parsed.data ?? parsed;
  } catch {
    data = { is_panic: false, message: typeof e === "string" ? e : (e?.stack ?? String(e)) };
  }
  if (!data.message)
    data = {
      is_panic: false,
      message: typeof e === "string" ? e : `${e?.message ?? e} ${e?.code ?? ""}`,
      error_code: e?.code,
    };
  return { code: 4466, message: "An error happened. Check the data field for details.", data };
}

let queue = Promise.resolve();
const rl = createInterface({ input: process.stdin });
rl.on("line", (line) => {
  if (!line.trim()) return;
  const msg = JSON.parse(line);
  if (!msg.method) return; // a reply to our print
  queue = queue.then(async () => {
    try {
      const failed = new Promise((_, reject) => (failCurrent = reject));
      send({ id: msg.id, result: (await Promise.race([call(msg.method, msg.params), failed])) ?? null });
    } catch (e) {
      if (process.env.SHIM_DEBUG) console.error(e, Object.keys(e ?? {}), e?.meta);
      send({ id: msg.id, error: toRpcError(e) });
    }
  });
});
rl.on("close", () => void queue.finally(() => process.exit(0)));
