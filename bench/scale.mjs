// Whether Trash costs the same at any size and depth: p50 in a large Trash over p50 in a small one, for the listing over
// REST and for the page with each of its filters and orders.
import { encode } from "next-auth/jwt";
import { addVault, findMiddle, makeWorkspace, settle } from "./data.mjs";
import { median, percentile, show, table, verdict } from "./report.mjs";
import { connect, startApp } from "./stage.mjs";
import { peakMemoryMb } from "./usage.mjs";

/** @type {import("./report.mjs").Goal} */
const GOAL = { must: 1.25, aim: 1.1, better: "less" };
/** @type {import("./report.mjs").Goal} */
const MEMORY = { must: 1.25, aim: 1.1, better: "less" };
/** @typedef {import("./data.mjs").Workspace} Workspace */

const PAGE = 50;
const ORDERS = /** @type {const} */ (["newest", "oldest", "largest", "soonest"]);

/**
 * @typedef {{ workspace: Workspace, rows: number, other: string, cookie: string }} Vault
 * @typedef {{ name: string, path: string }} Look
 */

/**
 * A vault and who looks at it.
 * @param {import("./data.mjs").Client} client
 * @param {string} slug
 * @param {number} rows
 * @param {string} secret
 * @returns {Promise<Vault>}
 */
async function makeVault(client, slug, rows, secret) {
  const workspace = await makeWorkspace(client, slug);
  const other = await addVault(client, workspace, rows);
  const { rows: owners } = await client.query(
    "select user_id as id from memberships where workspace_id = $1 and role = 'OWNER'",
    [workspace.id],
  );
  const token = await encode({ token: { sub: owners[0].id, sessionVersion: 1 }, secret });
  return { workspace, rows, other, cookie: `next-auth.session-token=${token}` };
}

/**
 * Every look at a vault that is timed.
 * @param {import("./data.mjs").Client} client
 * @param {Vault} vault
 * @returns {Promise<Look[]>}
 */
async function looksAt(client, { workspace, other }) {
  const list = (/** @type {string} */ cursor) =>
    `/api/${workspace.slug}/trash?limit=${PAGE}&api_key=${workspace.key}${cursor && `&cursor=${cursor}`}`;
  const page = (/** @type {Record<string, string>} */ query) =>
    `/${workspace.slug}/settings/trash?${new URLSearchParams(query).toString()}`;
  const day = (/** @type {number} */ ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  const newest = await findMiddle(client, workspace, "newest", "true");
  // REST has a cursor of its own: where, and nothing more
  const [, , at, id] = Buffer.from(newest.after, "base64url").toString().split(" ");
  /** @type {Look[]} */
  const looks = [
    { name: "REST, first", path: list("") },
    { name: "REST, in the middle", path: list(Buffer.from(`${at} ${id}`).toString("base64url")) },
  ];
  for (const order of ORDERS) {
    const middle = await findMiddle(client, workspace, order, "true");
    looks.push(
      { name: `${order}, first`, path: page({ order }) },
      { name: `${order}, in the middle`, path: page({ order, versions: middle.after }) },
      { name: `${order}, in the middle, back`, path: page({ order, versions: middle.before }) },
    );
  }
  /** @type {[name: string, query: Record<string, string>, where: string | null][]} */
  const filters = [
    ["by type", { type: "versions" }, null],
    ["by a name that few have", { q: "Rare" }, null],
    ["by a name that many have", { q: "version" }, null],
    ["by a name that nobody has", { q: "nothing" }, null],
    ["by project", { project: "p7" }, `project_id = (select id from projects where slug = 'p7' and workspace_id = $1)`],
    ["by person", { by: other }, `deleted_by_id = '${other}'`],
    ["by day", { from: day(10), to: day(10) }, null],
    ["by days left", { left: "3" }, null],
  ];
  for (const [name, query, where] of filters) {
    looks.push({ name: `${name}, first`, path: page(query) });
    if (where === null) continue;
    const middle = await findMiddle(client, workspace, "newest", where);
    looks.push({ name: `${name}, in the middle`, path: page({ ...query, versions: middle.after }) });
    looks.push({ name: `${name}, in the middle, back`, path: page({ ...query, versions: middle.before }) });
  }
  return looks;
}

/** @param {import("./run.mjs").ServedRun} options */
export async function measureScale({ stage, load, plan, say }) {
  const { rows, smallRows, rounds, sliceRequests } = plan.scale;
  say(`Making a Trash of ${smallRows} versions and one of ${rows} …`);
  const client = await connect(stage.urlOf("ours"));
  const small = await makeVault(client, "small", smallRows, stage.cronSecret);
  const large = await makeVault(client, "vault", rows, stage.cronSecret);
  await settle(client);
  const looks = { small: await looksAt(client, small), large: await looksAt(client, large) };
  const app = await startApp(stage, "ours", stage.urlOf("ours"));

  /** @type {string[]} */
  const problems = [];
  const turn = async (/** @type {Vault} */ vault, /** @type {Look | undefined} */ look) => {
    if (!look) throw new Error("There is a look at one vault that is none at the other.");
    const requests = Array(sliceRequests).fill({ method: "GET", path: look.path, cookie: vault.cookie });
    const { latencies, others } = await load.send({ port: app.port, connections: 1, requests });
    if (Object.keys(others).length > 0)
      problems.push(`${look.name}, of ${vault.rows}: answers other than 200: ${JSON.stringify(others)}`);
    return percentile(latencies, 50);
  };
  const lines = [];
  for (const look of looks.small) for (let i = 0; i < 2; i++) await turn(small, look); // warms up
  const memory = peakMemoryMb(app.pid);
  for (const [i, look] of looks.small.entries()) {
    say(`${look.name} …`);
    await turn(large, looks.large[i]);
    const pairs = [];
    for (let round = 0; round < rounds; round++) {
      const pair = { small: NaN, large: NaN };
      if (round % 2) pair.large = await turn(large, looks.large[i]);
      pair.small = await turn(small, look);
      if (round % 2 === 0) pair.large = await turn(large, looks.large[i]);
      pairs.push(pair);
    }
    const ratio = median(pairs.map((pair) => pair.large / pair.small));
    lines.push([
      look.name,
      show(median(pairs.map((pair) => pair.small))),
      show(median(pairs.map((pair) => pair.large))),
      `**${show(ratio)}**`,
      verdict(ratio, GOAL),
    ]);
  }
  const more = peakMemoryMb(app.pid) / memory;
  await app.stop();
  return {
    problems,
    text: [
      table(["page of 50", `p50 ms of ${smallRows}`, `p50 ms of ${rows}`, "ratio", ""], lines),
      `Peak memory of the server: ${show(memory, 0)} MB after the small Trash, times ${show(more)} after the large one (${verdict(more, MEMORY)})`,
    ].join("\n\n"),
  };
}
