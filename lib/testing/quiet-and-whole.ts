import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";

/*
 * What must hold of rows and files together once nobody writes any more: every file is named by a row, every row's files
 * are there, nothing lies under what was purged, and the quota is the sum of the rows. It is looked at after each file of
 * tests that wrote anything, against the store and the database that it left.
 */

const excused = globalThis as typeof globalThis & { leavesBroken?: string };

/** For a file of tests that breaks files by hand, and so leaves them broken: says why. */
export function leavesBroken(why: string): void {
  excused.leavesBroken = why;
}

/** A version as builders make one: ready, and without a file. */
const HOLLOW = /^0+$/;

interface Rows {
  versions: { id: string; status: string; hash: string | null; files: number; bytes: string }[];
  chunks: { version: string; attempt: string }[];
  exports: { version: string; path: string; bytes: string; required: boolean }[];
  weights: { version: string; path: string; bytes: string; required: boolean }[];
  thumbnails: { version: string; sha256: string; bytes: number }[];
  images: { project: string; id: string; bytes: number; thumbnail: number | null }[];
  leaving: { project: string; id: string }[];
  projects: { id: string }[];
  receipts: { item: string; prefixes: string[]; verified: boolean }[];
  quotas: { slug: string; used: number; counted: number }[];
}

const QUERIES: Record<keyof Rows, string> = {
  versions: `select id, status::text, manifest_hash as hash, files, size_bytes as bytes from versions`,
  chunks: `select version_id as version, attempt_id as attempt from generation_chunks`,
  // at their first places, of builds before attempts, builders have them without a file
  exports: `select version_id as version, 'exports/' || id || '/' || coalesce(attempt_id || '/', '') || lower(format::text) || '.zip' as path,
              size_bytes as bytes, attempt_id is not null as required
            from exports where status = 'READY'`,
  weights: `select version_id as version, 'trainings/' || training_id || '/' || coalesce(weights_id, id) || '/weights.safetensors' as path,
              size_bytes as bytes, weights_id is not null as required from models
            union all select version_id, 'trainings/' || id || '/' || weights_id || '/weights.safetensors', weights_bytes, true
            from trainings where weights_id is not null`,
  thumbnails: `select version_id as version, sha256, size_bytes as bytes from thumbnails`,
  images: `select project_id as project, id, size_bytes as bytes, thumbnail_bytes as thumbnail from images`,
  leaving: `select r.project_id as project, g.image_id as id from purged_images g join purge_receipts r on r.id = g.receipt_id where r.verified_at is null`,
  projects: `select id from projects`,
  receipts: `select item_id as item, prefixes, verified_at is not null as verified from purge_receipts`,
  quotas: `select w.slug, w.used_images as used, coalesce(sum(v.counted_images), 0)::int as counted
           from workspaces w left join versions v on v.workspace_id = w.id group by w.id`,
};

async function readRows(client: pg.Client): Promise<Rows> {
  const rows: Record<string, unknown[]> = {};
  for (const [name, text] of Object.entries(QUERIES)) rows[name] = (await client.query(text)).rows as unknown[];
  return rows as unknown as Rows;
}

/** Ends every grant, as time does, and has what is over swept and what was purged removed. */
async function quieten(client: pg.Client): Promise<void> {
  await client.query("update grants set until = now(), ended_at = null");
  await client.query("update versions set writers_until = null");
  await client.query(
    "update purge_receipts set writers_until = now(), next_attempt_at = null where verified_at is null",
  );
  const [{ systemContext }, { eraseFiles }, { sweepFiles }] = await Promise.all([
    import("@/lib/domain/context"),
    import("@/lib/domain/trash"),
    import("@/lib/work/sweep"),
  ]);
  const ctx = await systemContext("test");
  await sweepFiles(ctx, AbortSignal.timeout(20_000));
  await eraseFiles(ctx, AbortSignal.timeout(20_000));
}

const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? [] : [path.relative(folder, path.join(entry.parentPath, entry.name))],
      )
    : [];

const foldersIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** What is wrong, a line each; nothing when all is well, or the file said that it breaks things. */
export async function findBroken(databaseUrl: string, blobStore: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query("select 1 from projects union all select 1 from purge_receipts limit 1");
    if (rows.length === 0) return [];
    await quieten(client);
    return look(await readRows(client), fileURLToPath(blobStore));
  } finally {
    await client.end();
  }
}

function look(rows: Rows, store: string): string[] {
  const broken: string[] = [];
  for (const { slug, used, counted } of rows.quotas)
    if (used !== counted) broken.push(`${slug} has ${used} images used, and its versions count ${counted}`);
  for (const { prefixes, verified } of rows.receipts)
    for (const prefix of prefixes)
      if (verified && existsSync(path.join(store, prefix))) broken.push(`${prefix} is there, and its receipt verified`);
  const waiting = new Set(rows.receipts.filter(({ verified }) => !verified).map(({ item }) => item));
  if (waiting.size === 0)
    for (const name of foldersIn(path.join(store, "erased"))) broken.push(`erased/${name} was not removed`);
  for (const version of rows.versions)
    broken.push(...lookAtVersion(rows, version, path.join(store, "versions", version.id)));
  const known = new Set([...rows.versions, ...rows.projects].map(({ id }) => id));
  for (const kind of ["versions", "projects"])
    for (const id of foldersIn(path.join(store, kind)))
      if (!known.has(id) && !waiting.has(id) && filesIn(path.join(store, kind, id)).length > 0)
        broken.push(`${kind}/${id} has files, and no row`);
  for (const { id } of rows.projects) broken.push(...lookAtProject(rows, id, path.join(store, "projects", id)));
  return broken;
}

function lookAtVersion(rows: Rows, version: Rows["versions"][number], folder: string): string[] {
  const { id, status, hash, files, bytes } = version;
  const ready = status === "READY";
  if (ready && HOLLOW.test(hash ?? "")) return [];
  const broken: string[] = [];
  const named = new Map<string, number | null>(); // with its size, where a row says it
  if (ready) {
    const manifest = [`manifests/${hash}.json`, "manifest.json"].find((name) => existsSync(path.join(folder, name)));
    if (manifest === undefined) return [`version ${id} is ready, and has no manifest`];
    const text = readFileSync(path.join(folder, manifest));
    if (createHash("sha256").update(text).digest("hex") !== hash) return [`version ${id} has another manifest`];
    named.set(manifest, text.length);
    const listed = (JSON.parse(text.toString()) as { files: { path: string; sizeBytes: number }[] }).files;
    for (const file of listed) named.set(file.path, file.sizeBytes);
    const sum = [...named.values()].reduce<number>((total, size) => total + (size ?? 0), 0);
    if (files > 0 && (named.size !== files || sum !== Number(bytes)))
      broken.push(`version ${id} says ${files} files of ${bytes} bytes, and has ${named.size} of ${sum}`);
  }
  for (const { version: of, sha256, bytes } of rows.thumbnails)
    if (of === id) named.set(`thumbs/${sha256}.webp`, bytes);
  const attempts = new Set(rows.chunks.filter((chunk) => chunk.version === id).map(({ attempt }) => attempt));
  const there = new Set(filesIn(folder));
  for (const one of [...rows.exports, ...rows.weights])
    if (one.version === id && (one.required || there.has(one.path))) named.set(one.path, Number(one.bytes));
  for (const [name, size] of named) {
    if (!there.has(name)) broken.push(`version ${id} has no ${name}`);
    else if (size !== null && statSync(path.join(folder, name)).size !== size)
      broken.push(`version ${id} has ${name} in another size`);
  }
  for (const name of there)
    if (!named.has(name) && !name.startsWith("thumbs/") && !attempts.has(name.split("/")[1] ?? ""))
      broken.push(`version ${id} has ${name}, which no row names`);
  return broken;
}

function lookAtProject(rows: Rows, id: string, folder: string): string[] {
  const own = rows.images.filter(({ project }) => project === id);
  const images = new Map(own.map((image) => [image.id, image.bytes]));
  const there = filesIn(path.join(folder, "images"));
  if (there.length === 0) return []; // its images are rows alone
  const broken: string[] = [];
  const leaving = new Set(rows.leaving.filter(({ project }) => project === id).map((image) => image.id));
  for (const name of there) {
    if (leaving.has(name)) continue; // a receipt is still to remove it
    const size = images.get(name);
    if (size === undefined) broken.push(`project ${id} has the image ${name}, which no row names`);
    else if (statSync(path.join(folder, "images", name)).size !== size)
      broken.push(`project ${id} has the image ${name} in another size`);
  }
  for (const { id: image, thumbnail } of own) {
    const file = path.join(folder, "thumbs", image);
    const size = existsSync(file) ? statSync(file).size : 0;
    if (thumbnail !== null && thumbnail !== size)
      broken.push(`project ${id} has a thumbnail of ${image} in another size`);
  }
  return broken;
}
