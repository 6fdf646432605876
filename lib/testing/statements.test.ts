import { readdirSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as locks from "@/lib/domain/locks";
import { listStatement } from "@/lib/domain/trash/list";
import { receiptsStatement } from "@/lib/domain/trash/receipt-list";
import { declaredStatements, type Statement } from "@/lib/platform/db";

/* Every statement that is written by hand, on the migrated database: a column that was renamed is found here. */

// those of modules, by loading all of them; those of functions, by calling these
const domain = path.resolve(import.meta.dirname, "../domain");
for (const file of readdirSync(domain, { recursive: true, encoding: "utf8" }))
  if (file.endsWith(".ts") && !file.endsWith(".test.ts")) await import(path.join(domain, file));
for (const mode of ["write", "share"] as const) {
  locks.projectLock("", mode);
  locks.projectLockIn("", "", mode);
  locks.versionLock("", mode);
}
for (const lock of [
  locks.workspaceLock,
  locks.removalLock,
  locks.projectLockOfVersion,
  locks.versionLockOfTraining,
  locks.trainingLock,
])
  lock("");
locks.projectLockBySlug("", "");
locks.versionLockByNumber("", "", 1);
for (const type of [undefined, "PROJECT", "VERSION", "TRAINING", "IMAGES"] as const) listStatement(type);

for (const direction of ["older", "newer"] as const) {
  receiptsStatement({}, direction);
  const day = new Date(0);
  for (const state of ["verified", "waiting"] as const)
    receiptsStatement({ type: "VERSION", state, search: "x", from: day, until: day }, direction);
}

let client: pg.Client;
beforeAll(async () => {
  client = new pg.Client({ connectionString: process.env["DATABASE_URL"] });
  await client.connect();
});
afterAll(() => client.end());

const titled = declaredStatements().map((one): [string, Statement] => [one.name ?? one.text.trim().slice(0, 60), one]);

test.each(titled)("%s can be prepared", async (_title, { text }) => {
  await client.query("deallocate all");
  await client.query(`prepare one as ${text}`);
});

test("no name stands for two statements, since a connection prepares the first one only", async () => {
  const names = titled.flatMap(([, { name }]) => name ?? []);
  expect(names.length).toBeGreaterThan(50);
  expect(new Set(names).size).toBe(names.length);
});
