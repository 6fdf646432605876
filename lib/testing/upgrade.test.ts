import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Context } from "@/lib/domain/context";
import { readDigits } from "@/lib/engine/digits";
import { drawWeights } from "./served-model";

/*
 * A data folder and a database as builds before grants left them: files at paths that later attempts would have written
 * again, a manifest named manifest.json, journals of a generation under way, weights that a run left. It is brought to
 * today's state, and everything in it is still what it was, and can be used, restored, purged and proved.
 */

const [WORKSPACE, USER, PROJECT] = ["w", "u", "p"];
const LAST_OF_BEFORE = "20261123110000_trainings_and_models";
const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");
const migrations = path.resolve(import.meta.dirname, "../../prisma/migrations");

let client: pg.Client;
let store: string;
let owner: Context;

const put = (key: string, bytes: Uint8Array | string): void => {
  mkdirSync(path.dirname(path.join(store, key)), { recursive: true });
  writeFileSync(path.join(store, key), bytes);
};

async function migrate(wanted: (name: string) => boolean): Promise<void> {
  const names = readdirSync(migrations).filter((name) => !name.endsWith(".toml") && wanted(name));
  for (const name of names.sort())
    await client.query(readFileSync(path.join(migrations, name, "migration.sql"), "utf8"));
}

/** A version with its files, as the generator before made them. */
async function storeOldVersion(id: string, number: number, digits: { png: Buffer; label: string; id: string }[]) {
  const files = digits.map(({ png, label, id: sourceImageId }) => {
    const file = `images/train/${sourceImageId}-0.png`;
    put(`versions/${id}/${file}`, png);
    const facts = {
      sha256: sha256(png),
      sizeBytes: png.length,
      width: 28,
      height: 28,
      split: "train",
      label,
      boxes: [],
    };
    return {
      boxes: facts.boxes,
      height: 28,
      label,
      name: `${sourceImageId}.png`,
      output: 0,
      path: file,
      sha256: facts.sha256,
      sizeBytes: png.length,
      sourceImageId,
      split: "train",
      width: 28,
    };
  });
  const classes = [...new Set(digits.map(({ label }) => label))].sort();
  const manifest = JSON.stringify({
    augmentation: {},
    classes,
    files,
    format: 1,
    preprocessing: {},
    seed: 1,
    splits: null,
    type: "classification",
  });
  put(`versions/${id}/manifest.json`, `${manifest}\n`);
  const bytes = files.reduce((sum, file) => sum + file.sizeBytes, Buffer.byteLength(manifest) + 1);
  await client.query(
    `insert into versions (id, workspace_id, project_id, number, name, status, progress, seed, preprocessing, augmentation,
       train_images, counted_images, classes, manifest_hash, files, size_bytes, created_by_id, writers_until)
     values ($1, $2, $3, $4, $1, 'READY', 1, 1, '{}', '{}', $5, $5, $6, $7, $8, $9, $10, now() - interval '1 hour')`,
    [
      id,
      WORKSPACE,
      PROJECT,
      number,
      files.length,
      Object.fromEntries(classes.map((name) => [name, 1])),
      sha256(`${manifest}\n`),
      files.length + 1,
      bytes,
      USER,
    ],
  );
}

const snapshot = (folder: string): [string, string][] =>
  readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry): [string, string] => [
      path.relative(folder, path.join(entry.parentPath, entry.name)),
      sha256(readFileSync(path.join(entry.parentPath, entry.name))),
    ])
    .sort();

beforeAll(async () => {
  const name = `before_${randomUUID().replaceAll("-", "")}`;
  const url = new URL(process.env["DATABASE_URL"]!);
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  url.pathname = `/${name}`;
  process.env["DATABASE_URL"] = url.href;
  store = new URL(process.env["BLOB_STORE"]!).pathname;
  client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await migrate((one) => one <= LAST_OF_BEFORE);

  await client.query(`insert into users (id, email, name) values ($1, 'ada@example.org', 'Ada')`, [USER]);
  await client.query(`insert into workspaces (id, slug, name, used_images) values ($1, 'acme', 'Acme', 16)`, [
    WORKSPACE,
  ]);
  await client.query(`insert into memberships (workspace_id, user_id, role) values ($1, $2, 'OWNER')`, [
    WORKSPACE,
    USER,
  ]);
  await client.query(
    `insert into projects (id, workspace_id, slug, name, type, annotation, next_version_number, created_by_id)
     values ($1, $2, 'digits', 'digits', 'CLASSIFICATION', 'digits', 5, $3), ('empty', $2, 'empty', 'empty', 'CLASSIFICATION', '', 1, $3)`,
    [PROJECT, WORKSPACE, USER],
  );
  const digits = (await readDigits(4)).map((digit, i) => ({ ...digit, id: `image-${i}` }));
  for (const { id, png, label, fileName } of digits) {
    put(`projects/${PROJECT}/images/${id}`, png);
    put(`projects/${PROJECT}/thumbs/${id}`, "webp");
    await client.query(
      `insert into images (id, project_id, file_name, sha256, content_type, size_bytes, width, height, split, label)
       values ($1, $2, $3, $4, 'image/png', $5, 28, 28, 'TRAIN', $6)`,
      [id, PROJECT, fileName, sha256(png), png.length, label],
    );
  }
  for (const [id, number] of [
    ["used", 1],
    ["trashed", 2],
    ["purged", 3],
  ] as const)
    await storeOldVersion(id, number, digits);
  const weights = drawWeights();
  put("versions/used/trainings/t/m/weights.safetensors", weights);
  put("versions/used/trainings/left/lease/weights.safetensors", "of a run that was cancelled");
  put("versions/used/thumbs/a.webp", "webp");
  put("versions/used/exports/e/folder.zip", "zip");
  await client.query(
    `insert into trainings (id, workspace_id, version_id, number, status, model_type, epochs, created_by_id, started_at, ended_at)
     values ('t', $1, 'used', 1, 'FINISHED', 'hog-mlp', 1, $2, now(), now()), ('left', $1, 'used', 2, 'CANCELLED', 'mine', 1, $2, now(), now())`,
    [WORKSPACE, USER],
  );
  await client.query(
    `insert into models (id, workspace_id, version_id, training_id, slug, model_type, files, size_bytes) values ('m', $1, 'used', 't', 'digits-1-1', 'hog-mlp', 1, $2)`,
    [WORKSPACE, weights.length],
  );
  await client.query(`update versions set default_model_id = 'm' where id = 'used'`);
  await client.query(
    `insert into exports (id, version_id, format, status, progress, size_bytes, created_by_id, ended_at) values ('e', 'used', 'FOLDER', 'READY', 1, 3, $1, now())`,
    [USER],
  );
  await client.query(
    `update versions set deleted_at = now() - interval '1 day', deleted_by_id = $1, purge_after = now() + interval '29 days' where id in ('trashed', 'purged')`,
    [USER],
  );
  // a generation whose worker of the build before is gone, half made
  put(`versions/half/images/train/${digits[0]!.id}-0.png`, digits[0]!.png);
  put(`versions/half/generation/${"1".repeat(64)}.json`, "[]");
  await client.query(
    `insert into versions (id, workspace_id, project_id, number, name, status, progress, seed, preprocessing, augmentation, counted_images,
       created_by_id, generator_lease_id, generator_until, generator_attempts, writers_until)
     values ('half', $1, $2, 4, 'half', 'GENERATING', 0.2, 1, '{}', '{}', 4, $3, 'gone', now() - interval '1 minute', 1, now() - interval '1 minute')`,
    [WORKSPACE, PROJECT, USER],
  );
  await client.query(
    `insert into generation_sources (version_id, image_id, split, label) select 'half', id, split, label from images where project_id = $1`,
    [PROJECT],
  );
  // a purge whose eraser was killed: two of four files are counted and gone
  put("versions/erased/images/train/a.png", "abc");
  put("versions/erased/manifest.json", "{}");
  await client.query(
    `insert into purge_receipts (id, workspace_id, item_type, item_id, item_name, project_id, project_slug, version_number, reason, purged_at,
       actor_type, actor_id, actor_name, prefixes, expected_files, rows_removed_at, removed_files, removed_bytes)
     values ('r', $1, 'VERSION', 'erased', 'erased', $2, 'digits', 9, 'BY_HAND', now(), 'USER', $3, 'Ada', '{versions/erased/}', 4, now(), 2, 6)`,
    [WORKSPACE, PROJECT, USER],
  );
}, 60_000);

afterAll(async () => {
  await client.end();
});

test("all that was there is still what it was, and what was under way or left is finished or swept", async () => {
  const before = Object.fromEntries(["used", "trashed"].map((id) => [id, snapshot(path.join(store, "versions", id))]));
  await migrate((one) => one > LAST_OF_BEFORE);
  const { makeMissingRoots } = await import("@/lib/domain/grants");
  const { migrateJobQueue } = await import("@/lib/platform/job-queue");
  await migrateJobQueue();
  await makeMissingRoots();
  const [{ measureSourceThumbnails }, { measureVersionThumbnails }] = await Promise.all([
    import("@/lib/domain/images"),
    import("@/lib/domain/versions"),
  ]);
  for (let times = 0; times < 2; times++) {
    await measureSourceThumbnails();
    await measureVersionThumbnails();
  }
  const measured = `select sum(thumbnail_bytes)::int as bytes, count(*)::int as rows from`;
  expect((await client.query(`${measured} images`)).rows).toEqual([{ bytes: 16, rows: 4 }]);
  expect((await client.query(`${measured} versions where thumbnail_files > 0`)).rows).toEqual([{ bytes: 4, rows: 1 }]);
  expect(existsSync(path.join(store, "projects/empty"))).toBe(true);

  const [
    { systemContext },
    trash,
    { generateVersions },
    { sweepFiles },
    { verifyVersionFiles },
    { predict },
    { userContext },
  ] = await Promise.all([
    import("@/lib/domain/context"),
    import("@/lib/domain/trash"),
    import("@/lib/work/versions/generator"),
    import("@/lib/work/sweep"),
    import("@/lib/work/versions/files"),
    import("@/lib/work/inference/inference"),
    import("./builders"),
  ]);
  const world = { workspace: { id: WORKSPACE, slug: "acme", name: "Acme" }, owner: { id: USER, name: "Ada" } };
  owner = await userContext(world);
  const job = await systemContext("test");
  const signal = AbortSignal.timeout(60_000);
  const at = (number: number) => ({ workspaceSlug: "acme", projectSlug: "digits", number });

  expect(await generateVersions(job, signal)).toMatchObject({ ready: 1, failed: 0 });
  await sweepFiles(job, signal);
  expect(existsSync(path.join(store, "versions/half/images/train"))).toBe(false);
  expect(existsSync(path.join(store, "versions/used/trainings/left/lease"))).toBe(false);
  const { ["used"]: used, ["trashed"]: trashed } = before;
  expect(snapshot(path.join(store, "versions/used"))).toEqual(
    used!.filter(([name]) => !name.startsWith("trainings/left/")),
  );
  expect(snapshot(path.join(store, "versions/trashed"))).toEqual(trashed);

  await trash.restoreVersion(owner, { workspaceSlug: "acme", projectId: PROJECT, number: 2 });
  for (const number of [1, 2, 4])
    expect(await verifyVersionFiles(owner, at(number)), String(number)).toMatchObject({ ok: true, files: 4 });
  const png = readFileSync(path.join(store, "projects", PROJECT, "images/image-0"));
  expect((await predict(owner, at(1), png, { confidence: 0 })).predictions.length).toBeGreaterThan(0);

  await trash.purgeItem(owner, { workspaceSlug: "acme", type: "VERSION", id: "purged" }, signal);
  expect(await trash.eraseFiles(job, signal)).toEqual({ verified: 2, postponed: 0 });
  expect(existsSync(path.join(store, "versions/purged"))).toBe(false);
  expect(await trash.getReceipt(owner, { workspaceSlug: "acme", receiptId: "r" })).toMatchObject({
    removedFiles: 4,
    removedBytes: 11,
    lateFiles: 0,
  });

  // receipts of before are entry 0 of their workspace's chain, and those too are not altered unnoticed
  const entries = await client.query("select number, kind from receipt_entries order by number");
  expect(entries.rows).toEqual([
    { number: 0, kind: "BEFORE" },
    { number: 1, kind: "PURGED" },
    { number: 2, kind: "VERIFIED" },
  ]);
  expect(await trash.verifyReceipts(owner, { workspaceSlug: "acme" })).toMatchObject({ ok: true, receipts: 2 });

  const { findBroken } = await import("./quiet-and-whole");
  expect(await findBroken(process.env["DATABASE_URL"]!, process.env["BLOB_STORE"]!)).toEqual([]);
}, 60_000);

test("more receipts of before than an entry holds are the entries from 0 on, and each that was altered is named", async () => {
  const own = new pg.Client({ connectionString: process.env["DATABASE_URL"] });
  await own.connect();
  await own.query("begin");
  await own.query("delete from receipt_entries; delete from receipt_entry_items; delete from receipt_heads");
  await own.query(
    `insert into purge_receipts select (jsonb_populate_record(r, jsonb_build_object('id', 'copy' || n, 'item_id', 'copy' || n))).*
     from purge_receipts r, generate_series(1, 1100) n where r.id = 'r'`,
  );
  const chain = readFileSync(path.join(migrations, "20261128181000_receipt_chain/migration.sql"), "utf8");
  await own.query(chain.slice(chain.indexOf("DO $$")));
  await own.query("commit");
  await own.end();
  const { verifyReceipts } = await import("@/lib/domain/trash");
  expect(await verifyReceipts(owner, { workspaceSlug: "acme" })).toMatchObject({
    ok: true,
    entries: 3,
    receipts: 1_102,
  });
  await client.query("update purge_receipts set images = 7 where id = 'copy777'");
  expect((await verifyReceipts(owner, { workspaceSlug: "acme" })).problems).toMatchObject([
    { kind: "receipt_altered", receiptId: "copy777", fields: ["images"] },
  ]);
}, 60_000);
