import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbeddedDatabase } from "@/scripts/embedded-db.mjs";

declare module "vitest" {
  interface ProvidedContext {
    /** The migrated database that every test file clones, on a server whose data need not outlive a crash. */
    templateUrl: string;
    /** How long random histories go on: 1 in `npm test`, more in `npm run test:long`. */
    rounds: number;
  }
}

const root = path.resolve(import.meta.dirname, "../..");

/** One real PostgreSQL for the run, with a migrated template; setup.ts clones it for each test file. */
export default async function globalSetup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startEmbeddedDatabase({
    dir: path.join(root, ".data/test"),
    database: templateName(),
    flags: ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
  });
  const env = { ...process.env, DATABASE_URL: server.url, CHECKPOINT_DISABLE: "1" };
  const migrated = spawnSync(process.execPath, ["node_modules/prisma/build/index.js", "migrate", "deploy"], {
    cwd: root,
    env,
    encoding: "utf8",
  });
  if (migrated.status !== 0) throw new Error(`prisma migrate deploy failed:\n${migrated.stdout}${migrated.stderr}`);

  Object.assign(process.env, { DATABASE_URL: server.url, BLOB_STORE: "file:///nowhere" });
  const { migrateJobQueue } = await import("@/lib/platform/job-queue");
  await migrateJobQueue();

  project.provide("templateUrl", server.url);
  return () => server.stop();
}

/** Named after the migrations, so that a changed one gets a new template. */
function templateName(): string {
  const hash = createHash("sha256");
  const migrations = path.join(root, "prisma/migrations");
  for (const entry of readdirSync(migrations, { recursive: true, encoding: "utf8" }).sort()) {
    if (entry.endsWith(".sql")) hash.update(entry).update(readFileSync(path.join(migrations, entry)));
  }
  return `template_${hash.digest("hex").slice(0, 12)}`;
}
