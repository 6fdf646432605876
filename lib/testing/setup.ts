import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, inject } from "vitest";
import { dropDatabase, cloneDatabase } from "./database";

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
  const { disconnect } = await import("@/lib/platform/db");
  await disconnect();
  if (url) await dropDatabase(url);
  rmSync(blobs, { recursive: true, force: true });
});
