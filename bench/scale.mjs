// Whether the Trash listing costs the same at any size and depth: p50 in a large Trash over p50 in the small one.
import { addShelf, makeWorkspace, settle } from "./data.mjs";
import { median, percentile, show, table, verdict } from "./report.mjs";
import { connect, startApp } from "./stage.mjs";

/** @type {import("./report.mjs").Goal} */
const GOAL = { must: 1.25, aim: 1.1, better: "less" };
/** @typedef {import("./data.mjs").Workspace} Workspace */

const PAGE = 50;
const WALK = 10_000; // the most that one call answers

/** @type {(workspace: Workspace, limit: number, cursor?: string) => string} */
const pathOf = (workspace, limit, cursor) =>
  `/api/${workspace.slug}/trash?limit=${limit}&api_key=${workspace.key}${cursor ? `&cursor=${cursor}` : ""}`;

/**
 * The cursor in the middle of a Trash, read as a client would: page by page.
 * @param {import("./stage.mjs").App} app
 * @param {Workspace} workspace
 * @param {number} rows
 */
async function findMiddle(app, workspace, rows) {
  let cursor = "";
  for (let left = rows / 2; left > 0; left -= WALK) {
    const answer = await fetch(`http://127.0.0.1:${app.port}${pathOf(workspace, Math.min(left, WALK), cursor)}`);
    cursor = (await answer.json()).nextCursor ?? "";
    if (!cursor) throw new Error(`The Trash of ${workspace.slug} ended before its middle.`);
  }
  return cursor;
}

/** @param {import("./run.mjs").ServedRun & { shelf: import("./data.mjs").Filled }} options */
export async function measureScale({ stage, shelf, load, plan, say }) {
  const { rows, rounds, sliceRequests } = plan.scale;
  say(`Making a Trash of ${rows} rows …`);
  const client = await connect(stage.urlOf("ours"));
  const vault = { workspace: await makeWorkspace(client, "vault") };
  await addShelf(client, vault.workspace, rows);
  await settle(client);
  const app = await startApp(stage, "ours", stage.urlOf("ours"));
  const small = { workspace: shelf.workspace, rows: plan.shelfRows };
  const large = { workspace: vault.workspace, rows };
  const middles = new Map();
  for (const size of [small, large]) middles.set(size, await findMiddle(app, size.workspace, size.rows));

  /** @type {string[]} */
  const problems = [];
  const lines = [];
  for (const page of ["first", "in the middle"]) {
    const turn = async (/** @type {typeof small} */ size) => {
      const where = pathOf(size.workspace, PAGE, page === "first" ? "" : middles.get(size));
      const requests = Array(sliceRequests).fill({ method: "GET", path: where });
      const { latencies, others } = await load.send({ port: app.port, connections: 1, requests });
      if (Object.keys(others).length > 0)
        problems.push(`list of ${size.rows}: answers other than 200: ${JSON.stringify(others)}`);
      return percentile(latencies, 50);
    };
    for (const size of [small, large]) await turn(size); // warms up
    const pairs = [];
    for (let i = 0; i < rounds; i++) {
      const pair = { small: NaN, large: NaN };
      if (i % 2) pair.large = await turn(large);
      pair.small = await turn(small);
      if (i % 2 === 0) pair.large = await turn(large);
      pairs.push(pair);
    }
    const ratio = median(pairs.map((pair) => pair.large / pair.small));
    lines.push([
      page,
      show(median(pairs.map((pair) => pair.small))),
      show(median(pairs.map((pair) => pair.large))),
      `**${show(ratio)}**`,
      verdict(ratio, GOAL),
    ]);
  }
  await app.stop();
  return {
    problems,
    text: table(["page of 50", `p50 ms at ${plan.shelfRows} rows`, `p50 ms at ${rows} rows`, "ratio", ""], lines),
  };
}
