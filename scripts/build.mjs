// Builds what runs: Prisma's client, the bundles in .build/ (worker and its training child, the process of an ONNX model, admin, migrate, seed) and Next's production build.
// A part is built when the sources that it is made of have changed since it was last built whole.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot as root, withLock } from "./data-dir.mjs";
import { messageOf } from "./failures.mjs";

const require = createRequire(import.meta.url);
const buildDir = path.join(root, ".build");
const stampFile = path.join(buildDir, "stamp");
const clientDir = path.join(root, "lib/platform/generated");
const buildIdFile = path.join(root, ".next/BUILD_ID");

const ENTRY_POINTS = [
  "scripts/worker.ts",
  "scripts/admin.ts",
  "scripts/migrate.ts",
  "prisma/seed.ts",
  "lib/engine/trainer/child.ts",
  "lib/engine/onnx/onnx-child.ts",
];
const SCHEMA_SOURCES = ["prisma/schema.prisma", "prisma.config.ts", "package-lock.json"];
const SOURCE_FOLDERS = ["app", "i18n", "lib", "messages", "pages", "prisma", "public", "scripts"];
// every configuration file at the root counts but those of the tests, so that one added later is not forgotten here
const ROOT_SOURCE =
  /^(package(-lock)?\.json|tsconfig\.json|(?!(vitest|playwright|eslint)\.).*\.config\.(ts|js|mjs)|(proxy|instrumentation|instrumentation-client)\.ts|\.env.*)$/;
const NOT_BUILT = /\.test\.tsx?$|(^|\/)(lib\/(platform\/generated|testing)|scripts\/client-coverage)(\/|$)/;

/**
 * @typedef {"all" | "tools"} Extent
 * @typedef {{ name: string, title: string, stamp: () => string, isThere: () => boolean, build: () => Promise<void> }} Part
 */

/**
 * Builds what is missing or outdated; `only: "tools"` leaves Next's build out. Everything said goes to stderr, because
 * stdout belongs to the command that asked.
 * @param {{ only?: Extent, log?: (line: string) => void }} [options]
 */
export async function ensureBuilt({ only = "all", log = (line) => process.stderr.write(`${line}\n`) } = {}) {
  if (outdatedParts(only).length === 0) return;
  mkdirSync(buildDir, { recursive: true });
  await withLock(path.join(buildDir, "lock"), () => buildOutdated(only, log), {
    timeoutSeconds: 900,
    onWait: () => log("Waiting for a build that is already running …"),
  });
}

/**
 * @param {Extent} only
 * @param {(line: string) => void} log
 */
async function buildOutdated(only, log) {
  // looked at again under the lock: whoever held it may have built everything
  for (const part of outdatedParts(only)) {
    const startedAt = Date.now();
    log(`Building ${part.title} …`);
    // its stamp goes before the work and comes back after it, so that half a build is never taken for a whole one
    writeStamp({ ...readStamp(), [part.name]: undefined });
    await part.build();
    writeStamp({ ...readStamp(), [part.name]: part.stamp() });
    log(`Built ${part.title} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
  }
}

/**
 * The parts in building order, each with the stamp that it would get if it were built from the sources as they are now.
 * @param {Extent} only
 */
function outdatedParts(only) {
  const stamp = readStamp();
  const schema = hashFiles(SCHEMA_SOURCES.filter((file) => existsSync(path.join(root, file))));
  const sources = hashFiles(listSources());
  // NEXT_PUBLIC_ variables are written into the browser's code at build time
  const inlined = JSON.stringify(
    Object.entries(process.env)
      .filter(([name]) => name.startsWith("NEXT_PUBLIC_"))
      .sort(),
  );
  const web = createHash("sha256").update(sources).update(inlined).digest("hex");
  const entries = ENTRY_POINTS.filter((file) => existsSync(path.join(root, file)));

  /** @type {Part[]} */
  const parts = [
    {
      name: "client",
      title: "Prisma's client",
      stamp: () => schema,
      isThere: () => existsSync(path.join(clientDir, "client.ts")),
      build: generateClient,
    },
    {
      name: "tools",
      title: "worker and tools",
      stamp: () => sources,
      isThere: () => entries.every((file) => existsSync(bundleOf(file))),
      build: () => bundle(entries),
    },
  ];
  // a `next build` by hand that broke off leaves another BUILD_ID, or none
  if (only === "all")
    parts.push({
      name: "web",
      title: "the web app",
      stamp: () => `${web} ${readBuildId()}`,
      isThere: () => readBuildId() !== "",
      build: buildWeb,
    });
  return parts.filter((part) => stamp[part.name] !== part.stamp() || !part.isThere());
}

// --- the parts --------------------------------------------------------------------------------------------------

async function generateClient() {
  await runQuietly(require.resolve("prisma/build/index.js"), ["generate"], { CHECKPOINT_DISABLE: "1" });
}

const bundleOf = (/** @type {string} */ entry) => path.join(buildDir, `${path.basename(entry, ".ts")}.mjs`);

async function bundle(/** @type {string[]} */ entries) {
  const { build } = await import("esbuild");
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(entries.map((file) => [path.basename(file, ".ts"), file])),
    outdir: buildDir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    alias: { "@": root }, // as tsconfig's paths; said here too, because "external" would otherwise look at "@/lib" as a package
    sourcemap: true,
    logLevel: "warning",
  });
}

async function buildWeb() {
  // NODE_ENV: a developer's shell may carry another one, and Next builds wrongly under it.
  // CI: without it, Next runs `npm install` by itself when it misses a type package, and rewrites package-lock.json
  await runQuietly(require.resolve("next/dist/bin/next"), ["build"], {
    NODE_ENV: "production",
    CI: "1",
    NEXT_TELEMETRY_DISABLED: "1",
  });
}

const readBuildId = () => (existsSync(buildIdFile) ? readFileSync(buildIdFile, "utf8").trim() : "");

/**
 * Runs a script with Node and shows what it said only when it fails.
 * @param {string} script
 * @param {string[]} args
 * @param {{ [name: string]: string }} env
 * @returns {Promise<void>}
 */
function runQuietly(script, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    /** @type {Buffer[]} */
    const said = [];
    child.stdout.on("data", (chunk) => said.push(chunk));
    child.stderr.on("data", (chunk) => said.push(chunk));
    const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    process.on("SIGTERM", pass).on("SIGINT", pass).on("SIGHUP", pass);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) process.off(name, pass);
      if (code === 0) return resolve();
      process.stderr.write(Buffer.concat(said));
      reject(new Error(`${path.basename(script, ".js")} ${args.join(" ")} ended with ${signal ?? `code ${code}`}.`));
    });
  });
}

// --- sources and stamp ------------------------------------------------------------------------------------------

function listSources() {
  const files = readdirSync(root).filter((name) => ROOT_SOURCE.test(name));
  const walk = (/** @type {string} */ folder) => {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const file = `${folder}/${entry.name}`;
      if (NOT_BUILT.test(file)) continue;
      if (entry.isDirectory()) walk(file);
      else if (entry.isFile()) files.push(file);
    }
  };
  for (const folder of SOURCE_FOLDERS) if (existsSync(path.join(root, folder))) walk(folder);
  return files.sort();
}

function hashFiles(/** @type {string[]} */ files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const content = readFileSync(path.join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** @returns {{ [part: string]: string | undefined }} */
function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, "utf8"));
  } catch {
    return {}; // never built, or cut off in the middle: build
  }
}

function writeStamp(/** @type {{ [part: string]: string | undefined }} */ stamp) {
  const draft = `${stampFile}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(stamp, null, 2));
  renameSync(draft, stampFile);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await ensureBuilt({ only: process.argv[2] === "tools" ? "tools" : "all" });
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
