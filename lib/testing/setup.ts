import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, inject, vi } from "vitest";
import { dropDatabase, cloneDatabase } from "./database";

// One process runs many files and keeps the packages that it loaded; the project's modules and the environment are each
// file's own.
vi.resetModules();
const environment = { ...process.env };
delete (globalThis as { leavesBroken?: string }).leavesBroken;

const blobs = mkdtempSync(path.join(tmpdir(), "reprieve-test-"));
let url: string | undefined;

// Every test file has a database and a blob store of its own.
beforeAll(async () => {
  url = await cloneDatabase(inject("templateUrl"));
  Object.assign(process.env, {
    DATABASE_URL: url,
    BLOB_STORE: `file://${blobs}`,
    CRON_SECRET: "cron-secret-of-the-tests",
    NEXTAUTH_SECRET: "session-secret-of-the-tests",
    LOG_LEVEL: "silent",
  });
});

afterAll(async () => {
  let broken: string[] = [];
  if (url && process.env["BLOB_STORE"] === `file://${blobs}` && process.env["DATABASE_URL"] === url) {
    const { findBroken } = await import("./quiet-and-whole");
    broken = (globalThis as { leavesBroken?: string }).leavesBroken ? [] : await findBroken(url, `file://${blobs}`);
  }
  const { disconnect } = await import("@/lib/platform/db");
  await disconnect();
  if (url) await dropDatabase(url);
  rmSync(blobs, { recursive: true, force: true });
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  if (broken.length > 0) throw new Error(`Not quiet and whole:\n${broken.slice(0, 20).join("\n")}`);
});
