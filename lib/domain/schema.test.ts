import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildModel, buildProject, buildTraining, buildVersion, buildWorld } from "@/lib/testing/builders";
import { connectSecond, type SecondConnection } from "@/lib/testing/database";

let second: SecondConnection;
const ids: Record<string, string> = {};

// One sound row of each table; every CHECK is then asked to let one of them become unsound.
beforeAll(async () => {
  second = await connectSecond();
  const world = await buildWorld();
  const project = await buildProject(world);
  const version = await buildVersion(world, project);
  const training = await buildTraining(world, version, { status: "FINISHED" });
  const model = await buildModel(world, training);
  Object.assign(ids, {
    workspaces: world.workspace.id,
    users: world.owner.id,
    projects: project.id,
    versions: version.id,
    trainings: training.id,
    models: model.id,
    images: "image",
    image_removals: "removal",
    exports: "export",
    model_calls: model.id,
    purge_receipts: "receipt",
    grants: "grant",
    generation_chunks: "chunk",
    thumbnails: "thumbnail",
    trash_selections: "selection",
    trash_jobs: "job",
    tasks: "task",
    scheduled_runs: "run",
    scheduled_run_workspaces: "run",
  });
  await second.query(
    "insert into images (id, project_id, file_name, sha256, content_type, size_bytes, width, height, split) values ('image', $1, 'a.png', 'a', 'image/png', 1, 1, 1, 'TRAIN')",
    [project.id],
  );
  await second.query(
    "insert into image_removals (id, workspace_id, project_id, images) values ('removal', $1, $2, 0)",
    [world.workspace.id, project.id],
  );
  await second.query(
    "insert into exports (id, version_id, format, status, progress, ended_at, created_by_id) values ('export', $1, 'FOLDER', 'READY', 1, now(), 'x')",
    [version.id],
  );
  await second.query(
    "insert into grants (id, holder, workspace_id, project_id, until) values ('grant', 'UPLOADS', $1, $2, now())",
    [world.workspace.id, project.id],
  );
  await second.query(
    "insert into generation_chunks (version_id, key, attempt_id, entries, files, size_bytes) values ($1, 'chunk', 'a', '[]', 0, 0)",
    [version.id],
  );
  await second.query("insert into thumbnails (version_id, sha256, size_bytes) values ($1, 'thumbnail', 1)", [
    version.id,
  ]);
  await second.query("insert into model_calls (model_id, day, calls) values ($1, now(), 1)", [model.id]);
  await second.query(
    `insert into purge_receipts (id, workspace_id, item_type, item_id, item_name, project_id, project_slug, reason, purged_at, actor_type, actor_id, actor_name, prefixes)
     values ('receipt', $1, 'VERSION', 'x', 'x', 'x', 'x', 'BY_HAND', now(), 'USER', 'x', 'x', '{}')`,
    [world.workspace.id],
  );
  await second.query(
    "insert into scheduled_runs (id, started_by, mode, started_at) values ('run', 'CRON', 'ON', now())",
  );
  await second.query(
    "insert into scheduled_run_workspaces (run_id, workspace_id, purged, skipped, failed, due) values ('run', $1, 0, 0, 0, 0)",
    [world.workspace.id],
  );
  await second.query(
    "insert into trash_selections (id, workspace_id, user_id, created_at, expires_at, items) values ('selection', $1, 'x', now(), now(), 0)",
    [world.workspace.id],
  );
  await second.query(
    "insert into tasks (id, workspace_id, kind, status, user_id, created_at) values ('task', $1, 'ZIP_UPLOAD', 'QUEUED', 'x', now())",
    [world.workspace.id],
  );
  await second.query(
    "insert into trash_jobs (id, workspace_id, selection_id, act, user_id, user_name, items, created_at) values ('job', $1, 'selection', 'PURGE', 'x', 'x', 1, now())",
    [world.workspace.id],
  );
});
afterAll(() => second.end());

const trash = (at: string, until: string, who: string) =>
  `deleted_at = ${at}, purge_after = ${until}, deleted_by_id = ${who}`;
const TRASH_WHOLE = [
  trash("now()", "null", "'x'"),
  trash("null", "now()", "null"),
  trash("now()", "now() + interval '1 hour'", "null"),
  trash("null", "null", "'x'"),
];
const PURGE_AFTER_DELETED = [trash("now()", "now()", "'x'"), trash("now()", "now() - interval '1 ms'", "'x'")];
const TOLD_OF_TRASH_ALONE = ["deleted_key_id = 'x'", "deleted_note = 'x'", "trashed_bytes = 0"];
const TRASHED_BYTES = [`trashed_bytes = -1, ${trash("now()", "now() + interval '1 hour'", "'x'")}`];
const SLUG_FORM = [
  "''",
  "'-a'",
  "'a-'",
  "'A'",
  "'a b'",
  "'a/b'",
  "'..'",
  "'ä'",
  "'3'",
  "'3-4'",
  `'${"a".repeat(64)}'`,
  "E'a\\n'",
].map((slug) => `slug = ${slug}`);
const negative = (...columns: string[]) => columns.map((column) => `${column} = -1`);

const FORBIDDEN: Record<string, string[]> = {
  workspaces_slug_form: SLUG_FORM,
  workspaces_image_quota_not_negative: negative("image_quota"),
  workspaces_used_images_not_negative: negative("used_images"),
  users_email_lower_case: ["email = 'Ada@example.org'"],
  users_locale_known: ["locale = 'fr'", "locale = ''"],
  users_invite_whole: ["invite_hash = 'x'", "invite_until = now()"],
  projects_slug_form: SLUG_FORM,
  projects_next_version_number_positive: ["next_version_number = 0"],
  projects_seed_range: negative("seed"),
  projects_trash_whole: TRASH_WHOLE,
  projects_purge_after_deleted: PURGE_AFTER_DELETED,
  projects_told_of_trash_alone: TOLD_OF_TRASH_ALONE,
  projects_trashed_bytes_not_negative: TRASHED_BYTES,
  projects_claimed_in_trash: ["purge_started_at = now()"],
  images_measures_positive: ["size_bytes = 0", "width = 0", "height = -1"],
  images_metadata_object: ["metadata = '[]'"],
  images_sequence_whole: ["sequence_number = 1", "sequence_number = -1, sequence_size = 1"],
  images_tags_bounded: ["tags = array[null]", "tags = array_fill('a'::text, array[101])"],
  images_thumbnail_not_negative: negative("thumbnail_bytes"),
  versions_origin_tells: ["origin = '[]'", "origin = '\"x\"'", "origin = 'null'"],
  versions_numbers_positive: ["number = 0", "next_training_number = 0"],
  image_removals_in_trash_while_it_holds: [
    "images = -1",
    "images = 1",
    trash("now()", "now() + interval '1 hour'", "'x'"),
  ],
  image_removals_trash_whole: TRASH_WHOLE.map(
    (one) => `images = ${one.startsWith("deleted_at = null") ? 0 : 1}, ${one}`,
  ),
  image_removals_purge_after_deleted: PURGE_AFTER_DELETED.map((one) => `images = 1, ${one}`),
  image_removals_told_of_trash_alone: TOLD_OF_TRASH_ALONE,
  image_removals_trashed_bytes_not_negative: TRASHED_BYTES.map((one) => `images = 1, ${one}`),
  versions_counts_not_negative: [
    "status = 'FAILED', counted_images = 0, train_images = -1",
    ...negative("files", "size_bytes"),
  ],
  versions_thumbnails_not_negative: [...negative("thumbnail_files", "thumbnail_bytes"), "thumbnail_files = null"],
  versions_progress_share: [
    "status = 'FAILED', counted_images = 0, progress = 1.5",
    "status = 'FAILED', counted_images = 0, progress = -0.5",
  ],
  versions_ready_whole: [
    "manifest_hash = null",
    "progress = 0.5",
    "counted_images = counted_images + 1",
    "counted_images = 0",
  ],
  versions_failed_counts_nothing: ["status = 'FAILED'"],
  versions_trash_whole: TRASH_WHOLE,
  versions_purge_after_deleted: PURGE_AFTER_DELETED,
  versions_told_of_trash_alone: TOLD_OF_TRASH_ALONE,
  versions_trashed_bytes_not_negative: TRASHED_BYTES,
  versions_generating_not_in_trash: [`status = 'GENERATING', ${trash("now()", "now() + interval '1 hour'", "'x'")}`],
  versions_generator_leased: [
    "generator_lease_id = 'x'",
    "generator_until = now()",
    "generator_lease_id = 'x', generator_until = now()",
  ],
  versions_generator_attempts_not_negative: negative("generator_attempts"),
  exports_running_leased: ["status = 'RUNNING', ended_at = null", "lease_id = 'x'", "lease_until = now()"],
  exports_progress_share: ["progress = 1.5", "progress = -0.5"],
  exports_ended_when_over: ["ended_at = null", "status = 'QUEUED'"],
  exports_measures_not_negative: negative("size_bytes", "attempts"),
  trainings_numbers_positive: ["number = 0", "epochs = 0", "epoch = -1"],
  trainings_running_leased: [
    "status = 'RUNNING', ended_at = null",
    "lease_id = 'x'",
    "lease_until = now()",
    "status = 'RUNNING', ended_at = null, lease_id = 'x'",
  ],
  trainings_ended_when_over: ["ended_at = null", "status = 'QUEUED'"],
  trainings_trash_whole: TRASH_WHOLE,
  trainings_purge_after_deleted: PURGE_AFTER_DELETED,
  trainings_active_not_in_trash: [
    `status = 'QUEUED', ended_at = null, ${trash("now()", "now() + interval '1 hour'", "'x'")}`,
  ],
  trainings_told_of_trash_alone: [...TOLD_OF_TRASH_ALONE, "trashed_project_id = 'x'"],
  trainings_trashed_bytes_not_negative: TRASHED_BYTES,
  trainings_attempts_not_negative: negative("attempts"),
  model_calls_positive: ["calls = 0"],
  models_measures_not_negative: negative("files", "size_bytes"),
  purge_receipts_verified_after_rows: ["verified_at = now()"],
  purge_receipts_counts_not_negative: negative(
    "versions",
    "images",
    "trainings",
    "models",
    "expected_files",
    "expected_bytes",
    "removed_files",
    "removed_bytes",
  ),
  purge_receipts_late_not_negative: negative("late_files", "late_bytes"),
  purge_receipts_looked_again_after_verified: ["looked_again_at = now()"],
  grants_training_of_a_version: ["training_id = 'x'"],
  generation_chunks_not_negative: negative("files", "size_bytes"),
  trainings_weights_counted_where_named: ["weights_bytes = 1", "weights_id = 'x', weights_bytes = -1"],
  purge_receipts_late_with_its_date: ["late_files = 1", "late_at = now()"],
  scheduled_runs_counts_not_negative: negative(
    "purged",
    "skipped",
    "failed",
    "remaining",
    "due",
    "verified",
    "postponed",
  ),
  scheduled_run_workspaces_counts_not_negative: negative("purged", "skipped", "failed", "due"),
  tasks_counts: ["done = -1", "done = 2, total = 1"],
  tasks_ended_when_over: ["ended_at = now()", "status = 'COMPLETED'"],
  tasks_failed_with_a_problem: ["problem = 'x'", "status = 'FAILED', ended_at = now()"],
  tasks_file_of_a_project: [
    "file_bytes = 1",
    "file_id = 'x'",
    "file_id = 'x', file_bytes = -1, project_id = 'x'",
    "file_id = 'x', file_bytes = 1",
  ],
  tasks_leased_while_running: ["status = 'RUNNING'", "lease_id = 'x', lease_until = now()", "lease_until = now()"],
  tasks_version_of_a_project: ["version_id = 'x'"],
  thumbnails_not_empty: ["size_bytes = 0"],
  trash_jobs_counts: [...negative("done", '"left"'), "done = 2"],
  trash_jobs_ended_with_an_end: ["ended_at = now()", `"end" = 'FINISHED'`],
  trash_selections_items_not_negative: negative("items"),
};

const KEYS: Record<string, string> = {
  model_calls: "model_id",
  generation_chunks: "key",
  thumbnails: "sha256",
  scheduled_run_workspaces: "run_id",
};

const tableOf = (constraint: string): string => Object.keys(ids).find((table) => constraint.startsWith(`${table}_`))!;

describe("what must never be is refused by the database itself", () => {
  test("every CHECK there is has a case here", async () => {
    const rows = await second.query<{ name: string }>(
      "select conname as name from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace order by 1",
    );
    expect(Object.keys(FORBIDDEN).sort()).toEqual(rows.map((row) => row.name));
  });

  test.each(
    Object.entries(FORBIDDEN).flatMap(([constraint, writes]) => writes.map((write) => [constraint, write] as const)),
  )("%s refuses %s", async (constraint, write) => {
    const table = tableOf(constraint);
    await expect(
      second.query(`update ${table} set ${write} where ${KEYS[table] ?? "id"} = $1`, [ids[table]]),
    ).rejects.toMatchObject({ code: "23514", constraint });
  });

  test("a project, version or training cannot be removed from under what belongs to it", async () => {
    for (const table of ["projects", "versions", "trainings", "workspaces", "users"]) {
      await expect(second.query(`delete from ${table} where id = $1`, [ids[table]])).rejects.toMatchObject({
        code: "23001",
      });
    }
  });

  test("a number is given once in its project, a slug once in its workspace, a receipt once to an item", async () => {
    const copy = (table: string, change: string) =>
      second.query(
        `insert into ${table} select (jsonb_populate_record(null::${table}, to_jsonb(x) || '${change}')).* from ${table} x where id = $1`,
        [ids[table]],
      );
    for (const [table, constraint] of [
      ["versions", "versions_project_id_number_key"],
      ["trainings", "trainings_version_id_number_key"],
      ["projects", "projects_workspace_id_slug_key"],
      ["purge_receipts", "purge_receipts_item_type_item_id_key"],
    ] as const) {
      await expect(copy(table, '{"id":"copy"}')).rejects.toMatchObject({ code: "23505", constraint });
    }
  });
});

describe("the migrations make exactly the schema", () => {
  const root = path.resolve(import.meta.dirname, "../..");
  const differ = (schema: string) =>
    spawnSync(
      process.execPath,
      [
        "node_modules/prisma/build/index.js",
        "migrate",
        "diff",
        "--from-migrations",
        "prisma/migrations",
        "--to-schema",
        schema,
        "--exit-code",
      ],
      { cwd: root, env: { ...process.env, CHECKPOINT_DISABLE: "1" }, encoding: "utf8" },
    );

  test("prisma migrate diff is quiet", () => {
    const { status, stdout, stderr } = differ("prisma/schema.prisma");
    expect(status, stdout + stderr).toBe(0);
  }, 60_000);

  test("and would not be quiet about one column more", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "reprieve-schema-"));
    const schema = path.join(folder, "schema.prisma");
    writeFileSync(
      schema,
      readFileSync(path.join(root, "prisma/schema.prisma"), "utf8").replace(
        /^model Version \{$/m,
        "$&\n  forgotten Int?",
      ),
    );
    const { status, stdout } = differ(schema);
    rmSync(folder, { recursive: true });
    expect(status).toBe(2);
    expect(stdout).toContain("forgotten");
  }, 60_000);
});
