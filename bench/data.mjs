// Rows made by SQL, and rows counted. Figures and shapes are the product's; the time since is spread over Trash's 30 days.

/**
 * @typedef {import("pg").Client} Client
 * @typedef {{ slug: string, id: string, key: string }} Workspace
 * @typedef {{ id: string, slug: string }} Project
 * @typedef {{ workspace: Workspace, projects: Project[] }} Filled
 * @typedef {Record<"inTrash" | "cancelledTrainings" | "trashAudited" | "restoreAudited" | "auditRows", number>} Effects
 */

/**
 * A workspace with an owner and an API key that may do everything. Answers { slug, id, key }.
 * @param {Client} client
 * @param {string} slug
 * @returns {Promise<Workspace>}
 */
export async function makeWorkspace(client, slug) {
  const key = `rp_${slug}-a-key-of-the-benchmark`;
  const { rows } = await client.query(
    `with person as (
       insert into users (id, email, name) values (uuidv7()::text, $1 || '@example.com', 'Ada Lovelace') returning id
     ), workspace as (
       insert into workspaces (id, slug, name, image_quota) values (uuidv7()::text, $1, 'Benchmark', 2000000000) returning id
     ), membership as (
       insert into memberships (workspace_id, user_id, role) select workspace.id, person.id, 'OWNER' from workspace, person
     ), api_key as (
       insert into api_keys (id, workspace_id, user_id, name, prefix, hash, scopes)
       select uuidv7()::text, workspace.id, person.id, 'bench', 'rp_bench', encode(sha256($2::text::bytea), 'hex'),
         '{workspace:read,project:read,project:create,project:update,image:upload,version:read,version:update,model:infer}' from workspace, person
     )
     select id from workspace`,
    [slug, key],
  );
  return { slug, id: rows[0].id, key };
}

const PROJECT_COLUMNS = "id, workspace_id, slug, name, type, annotation, next_version_number, created_by_id";
const projectValues = (/** @type {string} */ slug) =>
  `uuidv7()::text, $1, ${slug}, 'Project ' || ${slug}, 'CLASSIFICATION'::"ProjectType", 'digits', 1000000, 'bench'`;

const VERSION_COLUMNS = `id, workspace_id, project_id, number, name, status, progress, seed, preprocessing, augmentation, train_images, valid_images,
  test_images, classes, counted_images, manifest_hash, files, size_bytes, next_training_number, created_by_id, created_at, deleted_at, deleted_by_id, purge_after, trashed_bytes`;
/**
 * @param {string} project
 * @param {string} number
 * @param {string} deletedAt
 * @param {{ name?: string, deletedBy?: string, bytes?: string }} [told]
 */
const versionValues = (
  project,
  number,
  deletedAt,
  { name = `'Version ' || ${number}`, ...told } = {},
) => `uuidv7()::text, $1, ${project}, ${number}, ${name}, 'READY'::"VersionStatus", 1, 7,
  '{"resize":{"width":64,"height":64}}'::jsonb, '{"rotate":{"degrees":15}}'::jsonb, 2, 1, 1, '{"0":2,"1":2}'::jsonb, 4, repeat('a', 64), 5, 500, 4,
  'bench', now() - interval '60 days', ${trashValues(deletedAt, told)}`;

const TRAINING_COLUMNS =
  "id, workspace_id, version_id, number, status, trainer, model_type, epochs, created_by_id, created_at, started_at, ended_at, deleted_at, deleted_by_id, purge_after, trashed_bytes, trashed_project_id";
/**
 * @param {string} version
 * @param {string} number
 * @param {string} status
 * @param {string} deletedAt
 */
const trainingValues = (
  version,
  number,
  status,
  deletedAt,
) => `uuidv7()::text, $1, ${version}, ${number}, (${status})::"TrainingStatus", 'EXTERNAL', 'cnn-small', 10, 'bench',
  now() - interval '50 days', null::timestamptz, case when ${status} = 'QUEUED' then null else now() - interval '49 days' end, ${trashValues(deletedAt)},
  case when (${deletedAt}) is not null then (select project_id from versions where id = ${version}) end`;

/**
 * @param {string} deletedAt
 * @param {{ deletedBy?: string, bytes?: string }} [told]
 */
const trashValues = (deletedAt, { deletedBy = "owner.user_id", bytes = "500" } = {}) =>
  `(${deletedAt})::timestamptz(3), case when (${deletedAt}) is not null then ${deletedBy} end, ((${deletedAt}) + interval '720 hours')::timestamptz(3),
  case when (${deletedAt}) is not null then (${bytes})::bigint end`;
const OWNER = "(select user_id from memberships where workspace_id = $1 and role = 'OWNER') owner";

/**
 * `versions` live versions spread over `projects` projects, with two queued trainings and a finished one each. Answers the projects in order.
 * @param {Client} client
 * @param {Workspace} workspace
 * @param {{ projects: number, versions: number }} counts
 * @returns {Promise<Project[]>}
 */
export async function addLiveVersions(client, workspace, { projects, versions }) {
  await client.query(
    `insert into projects (${PROJECT_COLUMNS}) select ${projectValues("'p' || n")} from generate_series(1, $2::int) n`,
    [workspace.id, projects],
  );
  await client.query(
    `insert into versions (${VERSION_COLUMNS}) select ${versionValues("p.id", "n", "null::timestamptz")}
     from projects p, generate_series(1, $2::int) n, ${OWNER} where p.workspace_id = $1`,
    [workspace.id, Math.ceil(versions / projects)],
  );
  await client.query(
    `insert into trainings (${TRAINING_COLUMNS}) select ${trainingValues("v.id", "n", "case when n < 3 then 'QUEUED' else 'FINISHED' end", "null::timestamptz")}
     from versions v, generate_series(1, 3) n, ${OWNER} where v.workspace_id = $1`,
    [workspace.id],
  );
  await countImages(client, workspace);
  const { rows } = await client.query(
    `select id, slug from projects where workspace_id = $1 order by substr(slug, 2)::int`,
    [workspace.id],
  );
  return rows;
}

/**
 * A Trash of `rows` rows (a multiple of 100), spread evenly over 29 days. Of each hundred, one is a project, 89 are
 * versions of a live project, ten are trainings of its one live version; 37 mixes them in time.
 * @param {Client} client
 * @param {Workspace} workspace
 * @param {number} rows
 */
export async function addShelf(client, workspace, rows) {
  const deletedAt = (/** @type {string} */ place) =>
    `now() - (${place} * 37 % 100 + block * 100) * interval '29 days' / ${rows}`;
  const blocks = rows / 100;
  await client.query(
    `insert into projects (${PROJECT_COLUMNS}, deleted_at, deleted_by_id, purge_after, trashed_bytes)
     select ${projectValues("'gone-' || block")}, ${trashValues(deletedAt("0"))} from generate_series(0, $2::int - 1) block, ${OWNER}`,
    [workspace.id, blocks],
  );
  await client.query(
    `insert into projects (${PROJECT_COLUMNS}) select ${projectValues("'p-' || block")} from generate_series(0, $2::int - 1) block`,
    [workspace.id, blocks],
  );
  const live = `(select id, substr(slug, 3)::int as block from projects where workspace_id = $1 and slug like 'p-%') p`;
  await client.query(
    `insert into versions (${VERSION_COLUMNS}) select ${versionValues("p.id", "place", `case when place < 90 then ${deletedAt("place")} end`)}
     from ${live}, generate_series(1, 90) place, ${OWNER}`,
    [workspace.id],
  );
  await client.query(
    `insert into trainings (${TRAINING_COLUMNS}) select ${trainingValues("v.id", "place - 89", "'FINISHED'", deletedAt("place"))}
     from ${live} join versions v on v.project_id = p.id and v.number = 90, generate_series(90, 99) place, ${OWNER}`,
    [workspace.id],
  );
  await countImages(client, workspace);
}

/** Of a vault; each is as large as the others. */
export const VAULT_PROJECTS = 200;

/**
 * A Trash of `rows` versions in 200 projects, spread evenly over 29 days: of many sizes, each hundredth deleted by
 * somebody else, each five thousandth of a name of its own. Answers that person's id.
 * @param {Client} client
 * @param {Workspace} workspace
 * @param {number} rows
 * @returns {Promise<string>}
 */
export async function addVault(client, workspace, rows) {
  const person = await client.query(
    `with person as (insert into users (id, email, name) values (uuidv7()::text, $2 || '-2@example.com', 'Grace Hopper') returning id)
     insert into memberships (workspace_id, user_id, role) select $1, person.id, 'EDITOR' from person returning user_id as id`,
    [workspace.id, workspace.slug],
  );
  const { id } = person.rows[0];
  await client.query(
    `insert into projects (${PROJECT_COLUMNS}) select ${projectValues("'p' || n")} from generate_series(0, ${VAULT_PROJECTS - 1}) n`,
    [workspace.id],
  );
  const deletedAt = `now() - n * interval '29 days' / ${rows}`;
  const told = {
    name: "case when n % 5000 = 7 then 'Rare ' else 'Version ' end || n",
    deletedBy: "case when n % 100 = 0 then $2::text else owner.user_id end",
    bytes: "n::bigint * 7919 % 1000003",
  };
  await client.query(
    `insert into versions (${VERSION_COLUMNS}) select ${versionValues("p.id", `n / ${VAULT_PROJECTS} + 1`, deletedAt, told)}
     from generate_series(0, ${rows - 1}) n join projects p on p.workspace_id = $1 and p.slug = 'p' || (n % ${VAULT_PROJECTS}), ${OWNER}`,
    [workspace.id, id],
  );
  await countImages(client, workspace);
  return id;
}

/**
 * The middle of a Trash of versions in an order, as the page's address has it, to read on from or back. `where` narrows it.
 * @param {Client} client
 * @param {Workspace} workspace
 * @param {"newest" | "oldest" | "largest" | "soonest"} order
 * @param {string} where
 * @returns {Promise<Record<"after" | "before", string>>}
 */
export async function findMiddle(client, workspace, order, where) {
  const keys = {
    newest: ["deleted_at", "desc"],
    oldest: ["deleted_at", "asc"],
    largest: ["trashed_bytes", "desc"],
    soonest: ["purge_after", "asc"],
  };
  const [key, direction] = keys[order];
  const matching = `from versions where workspace_id = $1 and deleted_at is not null and ${where}`;
  const { rows } = await client.query(
    `select ${key} as key, id ${matching} order by ${key} ${direction}, id ${direction} offset (select count(*) / 2 ${matching}) limit 1`,
    [workspace.id],
  );
  const { id, key: at } = rows[0];
  const cursor = (/** @type {string} */ side) =>
    Buffer.from(`${order} ${side} ${at instanceof Date ? at.toISOString() : at} ${id}`).toString("base64url");
  return { after: cursor("after"), before: cursor("before") };
}

/**
 * `versions` versions whose time in Trash is over, with three trainings, two of which left a model. Answers their ids.
 * @param {Client} client
 * @param {Workspace} workspace
 * @param {{ projects: number, versions: number }} counts
 * @returns {Promise<string[]>}
 */
export async function addExpired(client, workspace, { projects, versions }) {
  const deletedAt = "now() - interval '31 days' + p.place * interval '1 second'";
  await client.query(
    `insert into projects (${PROJECT_COLUMNS}) select ${projectValues("'p' || n")} from generate_series(1, $2::int) n`,
    [workspace.id, projects],
  );
  await client.query(
    `insert into versions (${VERSION_COLUMNS}) select ${versionValues("p.id", "n", deletedAt)}
     from (select id, substr(slug, 2)::int as place from projects where workspace_id = $1) p, generate_series(1, $2::int) n, ${OWNER}`,
    [workspace.id, versions / projects],
  );
  await client.query(
    `insert into trainings (${TRAINING_COLUMNS}) select ${trainingValues("v.id", "n", "case when n = 3 then 'CANCELLED' else 'FINISHED' end", "null::timestamptz")}
     from versions v, generate_series(1, 3) n, ${OWNER} where v.workspace_id = $1`,
    [workspace.id],
  );
  await client.query(
    `insert into models (id, workspace_id, version_id, training_id, slug, model_type)
     select uuidv7()::text, $1, t.version_id, t.id, 'model-' || t.id, 'cnn-small' from trainings t where t.workspace_id = $1 and t.number < 3`,
    [workspace.id],
  );
  await countImages(client, workspace);
  const { rows } = await client.query("select id from versions where workspace_id = $1", [workspace.id]);
  return rows.map((/** @type {{ id: string }} */ { id }) => id);
}

/**
 * @param {Client} client
 * @param {Workspace} workspace
 */
async function countImages(client, workspace) {
  await client.query(
    "update workspaces set used_images = (select sum(counted_images) from versions where workspace_id = $1) where id = $1",
    [workspace.id],
  );
}

/**
 * An empty project. Answers { id, slug }.
 * @param {Client} client
 * @param {Workspace} workspace
 * @param {string} slug
 * @returns {Promise<Project>}
 */
export async function addProject(client, workspace, slug) {
  const { rows } = await client.query(
    `insert into projects (${PROJECT_COLUMNS}) select ${projectValues("$2::text")} returning id, slug`,
    [workspace.id, slug],
  );
  return rows[0];
}

/**
 * Version 1 of a project with a finished training, whose model serves. Answers { id, versionId, trainingId }; the weights are for the caller to write.
 * @param {Client} client
 * @param {Workspace} workspace
 * @param {Project} project
 * @param {number} sizeBytes
 * @returns {Promise<{ id: string, versionId: string, trainingId: string }>}
 */
export async function addModel(client, workspace, project, sizeBytes) {
  const version = await client.query(
    `insert into versions (${VERSION_COLUMNS}) select ${versionValues("$2::text", "1", "null::timestamptz")} from ${OWNER} returning id`,
    [workspace.id, project.id],
  );
  const training = await client.query(
    `insert into trainings (${TRAINING_COLUMNS}) select ${trainingValues("$2::text", "1", "'FINISHED'", "null::timestamptz")} from ${OWNER} returning id`,
    [workspace.id, version.rows[0].id],
  );
  const ids = { versionId: version.rows[0].id, trainingId: training.rows[0].id };
  const model = await client.query(
    `with made as (
       insert into models (id, workspace_id, version_id, training_id, slug, model_type, files, size_bytes) values (uuidv7()::text, $1, $2, $3, $4, 'hog-mlp', 1, $5) returning id
     ), chosen as (
       update versions set default_model_id = made.id, preprocessing = '{}' from made where versions.id = $2
     )
     select id from made`,
    [workspace.id, ids.versionId, ids.trainingId, `${project.slug}-1-1`, sizeBytes],
  );
  return { id: model.rows[0].id, ...ids };
}

/**
 * After bulk inserts: statistics for the planner, and no checkpoint of ours in the middle of a measurement.
 * @param {Client} client
 */
export async function settle(client) {
  await client.query("vacuum analyze");
  await client.query("checkpoint");
}

/**
 * What trashing and restoring has left in a workspace's rows.
 * @param {Client} client
 * @param {Workspace} workspace
 * @returns {Promise<Effects>}
 */
export async function countEffects(client, workspace) {
  const { rows } = await client.query(
    `select (select count(*)::int from versions where workspace_id = $1 and deleted_at is not null) as "inTrash",
       (select count(*)::int from trainings where workspace_id = $1 and status = 'CANCELLED' and ended_at is not null) as "cancelledTrainings",
       count(distinct target_id) filter (where action = 'version.trashed')::int as "trashAudited",
       count(distinct target_id) filter (where action = 'version.restored')::int as "restoreAudited",
       count(*)::int as "auditRows"
     from audit_events where workspace_id = $1`,
    [workspace.id],
  );
  return rows[0];
}
