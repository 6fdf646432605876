import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

/*
 * One module owns Trash: nothing outside lib/domain/trash writes deleted_at, purge_after or what stands with them, or removes rows
 * of projects, versions, trainings, models or source images, in SQL or through Prisma.
 */

const root = path.resolve(import.meta.dirname, "../..");
const COLUMNS = [
  "deleted_at",
  "deleted_by_id",
  "deleted_key_id",
  "deleted_note",
  "purge_after",
  "purge_started_at",
  "trashed_bytes",
  "trashed_project_id",
  "removal_id",
];
const FIELDS = [
  "deletedAt",
  "deletedById",
  "deletedKeyId",
  "deletedNote",
  "purgeAfter",
  "purgeStartedAt",
  "trashedBytes",
  "trashedProjectId",
  "removalId",
];
const TABLES = ["projects", "versions", "trainings", "models", "images", "image_removals"];
const MODELS = ["project", "version", "training", "model", "image", "imageRemoval"];

/** What of a source writes what only Trash may write. */
function findWrites(source: string): string[] {
  const found: string[] = [];
  const look = (pattern: RegExp) => found.push(...Array.from(source.matchAll(pattern), ([text]) => text.trim()));
  // SQL: an assignment in an UPDATE's SET, and a DELETE of such rows
  for (const [set] of source.matchAll(/\bset\s[^`]*?(?=\bwhere\b|\bfrom\b|\breturning\b|`)/gi))
    for (const column of COLUMNS) if (new RegExp(`\\b${column}\\s*=`).test(set)) found.push(set.trim());
  look(new RegExp(`\\bdelete\\s+from\\s+(${TABLES.join("|")})\\b`, "gi"));
  // Prisma: such a field in `data`, and a delete of such rows
  look(new RegExp(`\\bdata:\\s*\\{[^}]*\\b(${FIELDS.join("|")})\\b`, "g"));
  look(new RegExp(`\\.(${MODELS.join("|")})\\.(delete|deleteMany)\\(`, "g"));
  return found;
}

test.each([
  "update versions v set deleted_at = $4, deleted_by_id = $5 from projects p where v.id = $1",
  "UPDATE projects\nSET name = $2,\n  purge_after = null\nWHERE id = $1",
  "delete from trainings where id = $1",
  "tx.version.update({ where: { id }, data: { name, deletedAt: null } })",
  "await prisma().model.deleteMany({ where: { versionId } })",
])("%s is found", (source) => {
  expect(findWrites(`\`${source}\``)).not.toEqual([]);
});

test.each([
  "update versions set name = $2 where id = $1 and deleted_at = $3",
  "select deleted_at from versions where purge_after <= $1",
  "delete from api_keys where user_id = $1",
  "prisma().version.findMany({ where: { deletedAt: null } })",
])("%s is not", (source) => {
  expect(findWrites(`\`${source}\``)).toEqual([]);
});

const TESTS = /\.(test|spec)\.tsx?$/;
const sources = ["lib", "app", "pages", "scripts"].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .map((file) => path.join(folder, file))
    .filter((file) => /\.(ts|tsx|mjs)$/.test(file) && !TESTS.test(file))
    .filter((file) => !/^lib\/(testing|platform\/generated)\//.test(file)),
);

test("nothing outside lib/domain/trash writes what is Trash's to write", () => {
  const owners = sources.filter((file) => findWrites(readFileSync(path.join(root, file), "utf8")).length > 0);
  expect(owners.filter((file) => !file.startsWith("lib/domain/trash/"))).toEqual([]);
  expect(owners.map((file) => path.basename(file))).toEqual(
    expect.arrayContaining([
      "version.ts",
      "project.ts",
      "training.ts",
      "images.ts",
      "purge-project.ts",
      "purge-images.ts",
    ]),
  );
});
