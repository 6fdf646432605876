// Trash, restore and list over REST, ours and the floor by turns.
import { isDeepStrictEqual } from "node:util";
import { countEffects } from "./data.mjs";
import { median, percentile, show, table, verdict } from "./report.mjs";
import { cpuMs, peakMemoryMb } from "./usage.mjs";

/**
 * @typedef {"ours" | "floor"} Side
 * @typedef {"trash" | "restore" | "list"} Operation
 * @typedef {import("./data.mjs").Filled} Filled
 * @typedef {import("./data.mjs").Project} Project
 * @typedef {import("./load-child.mjs").LoadRequest} LoadRequest
 * @typedef {import("./run.mjs").Plan} Plan
 * @typedef {import("./stage.mjs").App} App
 * @typedef {import("./stage.mjs").Load} Load
 * @typedef {Record<Side, App>} Apps
 * @typedef {Record<Side, import("./data.mjs").Client>} Databases
 * @typedef {import("./data.mjs").Effects} Effects
 * @typedef {(count: number) => [from: number, to: number]} Take
 * @typedef {{ seconds: number, latencies: number[], cpu: number }} Slice
 * @typedef {Record<"perSecond" | "p50" | "p99" | "cpu", number>} Figures
 * @typedef {Record<Side, Figures> & { speed: number, spread: number[], p99: number }} Summary
 */

/** @type {readonly Side[]} */
const SIDES = ["ours", "floor"];
/** @type {readonly Operation[]} */
const OPERATIONS = ["trash", "restore", "list"];
/**
 * The goals; README.md explains them.
 * @type {Record<Operation, import("./report.mjs").Goal>}
 */
const SPEED = {
  trash: { must: 0.5, aim: 0.75, better: "more" },
  restore: { must: 0.5, aim: 0.75, better: "more" },
  list: { must: 0.7, aim: 0.85, better: "more" },
};
/** @type {import("./report.mjs").Goal} */
const P99 = { must: 2, aim: 1.3, better: "less" };
/** @type {import("./report.mjs").Goal} */
const MEMORY_MB = { must: 400, aim: 300, better: "less" };
const FLOOR_CPU_MS = 1.3;

/** Where no project is asked for: the list of a Trash. */
const NO_PROJECT = { id: "", slug: "" };

/**
 * The requests for the versions `from` to `to` of a workspace; neighbours are in different projects.
 * @param {Operation} operation
 * @param {Filled} filled
 * @param {number} from
 * @param {number} to
 */
export function requestsFor(operation, { workspace, projects }, from, to) {
  const key = `api_key=${workspace.key}`;
  /** @type {Record<Operation, (project: Project, number: number) => LoadRequest>} */
  const shapes = {
    trash: (project, number) => ({ method: "DELETE", path: `/api/${workspace.slug}/${project.slug}/${number}?${key}` }),
    restore: (project, number) => ({
      method: "POST",
      path: `/api/${workspace.slug}/trash/restore?${key}`,
      body: JSON.stringify({ type: "version", id: String(number), parentId: project.id }),
    }),
    list: () => ({ method: "GET", path: `/api/${workspace.slug}/trash?limit=50&${key}` }),
  };
  const one = shapes[operation];
  return Array.from({ length: to - from }, (_, i) => {
    const project = projects[(from + i) % projects.length] ?? NO_PROJECT;
    return one(project, Math.floor((from + i) / projects.length) + 1);
  });
}

/**
 * `live` is the workspace whose versions are trashed and restored, `shelf` the one whose Trash is listed; both are the
 * same in both databases. Answers { text, problems }.
 * @param {import("./run.mjs").Run & { apps: Apps, databases: Databases, live: Filled, shelf: Filled, load: Load }} options
 */
export async function measureHotPaths({ apps, databases, live, shelf, load, plan, say }) {
  /** @type {string[]} */
  const problems = [];
  const take = versionTaker();
  problems.push(...(await compareAnswers(apps, live, shelf, take)));

  /**
   * @param {Side} side
   * @param {Operation} operation
   * @param {number} connections
   * @param {number} from
   * @param {number} to
   * @returns {Promise<Slice>}
   */
  async function slice(side, operation, connections, from, to) {
    const app = apps[side];
    const requests = requestsFor(operation, operation === "list" ? shelf : live, from, to);
    const before = cpuMs(app.pid);
    const { seconds, latencies, others } = await load.send({ port: app.port, connections, requests });
    if (Object.keys(others).length > 0)
      problems.push(
        `${side}, ${operation} at ${connections} connections: answers other than 200: ${JSON.stringify(others)}`,
      );
    return { seconds, latencies, cpu: cpuMs(app.pid) - before };
  }

  say("Warming up …");
  const [warmFrom, warmTo] = take(plan.warmUp);
  for (const operation of OPERATIONS) for (const side of SIDES) await slice(side, operation, 32, warmFrom, warmTo);

  /** @type {(Summary & { operation: Operation, connections: number })[]} */
  const cells = [];
  for (const connections of plan.connections) {
    const size = plan.sliceRequests[connections];
    const slices = plan.rounds * plan.slices;
    const [from, to] = take(size * slices);
    for (const operation of OPERATIONS) {
      say(`${operation} at ${connections} …`);
      const before = await countBoth(databases, live);
      /** @type {Record<Side, Slice[]>[]} */
      const rounds = [];
      for (let i = 0; i < slices; i++) {
        const round = (rounds[Math.floor(i / plan.slices)] ??= { ours: [], floor: [] });
        // who begins changes, so that neither always runs after the other's garbage and checkpoints
        for (const side of i % 2 ? [...SIDES].reverse() : SIDES)
          round[side].push(await slice(side, operation, connections, from + i * size, from + (i + 1) * size));
      }
      problems.push(...checkEffects(operation, to - from, before, await countBoth(databases, live)));
      cells.push({ operation, connections, ...summarize(rounds) });
    }
  }

  for (const { operation, connections, floor } of cells) {
    if (connections === 8 && !(floor.cpu <= FLOOR_CPU_MS))
      problems.push(
        `the floor spends ${show(floor.cpu)} ms CPU a request for ${operation} at 8 connections, more than ${FLOOR_CPU_MS}`,
      );
  }
  const burst = await measureBursts({ app: apps.ours, live, load, plan, take });
  const memory = peakMemoryMb(apps.ours.pid);
  return {
    problems,
    text: [
      present(cells),
      burst,
      `Peak memory of the server: ours ${show(memory, 0)} MB (${verdict(memory, MEMORY_MB)}), floor ${show(peakMemoryMb(apps.floor.pid), 0)} MB`,
    ].join("\n\n"),
  };
}

/**
 * Hands out versions, each once.
 * @returns {Take}
 */
function versionTaker() {
  let next = 0;
  return (count) => [next, (next += count)];
}

export const versionsNeeded = (/** @type {Plan} */ plan) =>
  1 +
  plan.warmUp +
  plan.bursts * plan.burstSize +
  plan.connections.reduce((sum, c) => sum + plan.sliceRequests[c] * plan.rounds * plan.slices, 0);

/**
 * The floor must answer what ours answers: one version trashed and restored, and the list.
 * @param {Apps} apps
 * @param {Filled} live
 * @param {Filled} shelf
 * @param {Take} take
 */
async function compareAnswers(apps, live, shelf, take) {
  const [from, to] = take(1);
  /** @type {string[]} */
  const problems = [];
  for (const operation of OPERATIONS) {
    const requests = requestsFor(operation, operation === "list" ? shelf : live, from, to);
    for (const request of requests) {
      const answers = await Promise.all(
        SIDES.map(async (side) => {
          const answer = await fetch(`http://127.0.0.1:${apps[side].port}${request.path}`, {
            method: request.method,
            headers: request.body ? { "Content-Type": "application/json" } : {},
            ...(request.body ? { body: request.body } : {}),
          });
          return { status: answer.status, body: await answer.json() };
        }),
      );
      const [ours, floor] = answers;
      if (ours?.status !== 200 || !isDeepStrictEqual(ours, floor))
        problems.push(
          `${operation}: the floor does not answer as ours does: ${answers.map((a) => JSON.stringify(a).slice(0, 300)).join(" / ")}`,
        );
    }
  }
  return problems;
}

/**
 * @param {Databases} databases
 * @param {Filled} filled
 * @returns {Promise<Record<Side, Effects>>}
 */
async function countBoth(databases, { workspace }) {
  return {
    ours: await countEffects(databases.ours, workspace),
    floor: await countEffects(databases.floor, workspace),
  };
}

/**
 * Every request changed exactly its own rows: the version, its two queued trainings, and one audit row of its own.
 * @param {Operation} operation
 * @param {number} requests
 * @param {Record<Side, Effects>} before
 * @param {Record<Side, Effects>} after
 */
function checkEffects(operation, requests, before, after) {
  /** @type {Record<Operation, Effects>} */
  const expected = {
    trash: {
      inTrash: requests,
      cancelledTrainings: 2 * requests,
      trashAudited: requests,
      restoreAudited: 0,
      auditRows: requests,
    },
    restore: {
      inTrash: -requests,
      cancelledTrainings: 0,
      trashAudited: 0,
      restoreAudited: requests,
      auditRows: requests,
    },
    list: { inTrash: 0, cancelledTrainings: 0, trashAudited: 0, restoreAudited: 0, auditRows: 0 },
  };
  const facts = /** @type {(keyof Effects)[]} */ (Object.keys(expected[operation]));
  return SIDES.flatMap((side) =>
    facts.flatMap((fact) => {
      const [change, wanted] = [after[side][fact] - before[side][fact], expected[operation][fact]];
      return change === wanted ? [] : [`${side}, ${operation}: ${fact} changed by ${change}, not by ${wanted}`];
    }),
  );
}

/**
 * Medians of the rounds; a ratio is taken within its round, where both sides had the same weather.
 * @param {Record<Side, Slice[]>[]} rounds
 * @returns {Summary}
 */
function summarize(rounds) {
  const figures = rounds.map(({ ours, floor }) => ({ ours: figuresOf(ours), floor: figuresOf(floor) }));
  const medianOf = (/** @type {(round: Record<Side, Figures>) => number} */ pick) => median(figures.map(pick));
  const side = (/** @type {Side} */ name) => ({
    perSecond: medianOf((round) => round[name].perSecond),
    p50: medianOf((round) => round[name].p50),
    p99: medianOf((round) => round[name].p99),
    cpu: medianOf((round) => round[name].cpu),
  });
  const ratios = figures.map((round) => round.ours.perSecond / round.floor.perSecond);
  return {
    ours: side("ours"),
    floor: side("floor"),
    speed: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    p99: medianOf((round) => round.ours.p99 / round.floor.p99),
  };
}

/**
 * What the slices of one side come to.
 * @param {Slice[]} slices
 * @returns {Figures}
 */
export function figuresOf(slices) {
  const latencies = slices.flatMap((slice) => slice.latencies);
  const sum = (/** @type {"seconds" | "cpu"} */ field) => slices.reduce((total, slice) => total + slice[field], 0);
  return {
    perSecond: latencies.length / sum("seconds"),
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    cpu: sum("cpu") / latencies.length,
  };
}

function present(/** @type {(Summary & { operation: Operation, connections: number })[]} */ cells) {
  const both = (/** @type {Summary} */ { ours, floor }, /** @type {keyof Figures} */ field, digits = 2) =>
    `${show(ours[field], digits)} / ${show(floor[field], digits)}`;
  return table(
    [
      "operation",
      "connections",
      "requests/s ours / floor",
      "× floor (rounds)",
      "",
      "p50 ms",
      "p99 ms",
      "p99 × floor",
      "",
      "server CPU ms a request",
    ],
    cells.map((cell) => [
      cell.operation,
      cell.connections,
      both(cell, "perSecond", 0),
      `**${show(cell.speed)}** (${cell.spread.map((ratio) => show(ratio)).join("–")})`,
      verdict(cell.speed, SPEED[cell.operation]),
      both(cell, "p50"),
      both(cell, "p99", 1),
      show(cell.p99),
      // the goal for p99 is one of trash and restore
      cell.operation === "list" ? "" : verdict(cell.p99, P99),
      both(cell, "cpu"),
    ]),
  );
}

/**
 * Many deletes in the same moment against a smaller pool.
 * @param {{ app: App, live: Filled, load: Load, plan: Plan, take: Take }} options
 */
async function measureBursts({ app, live, load, plan, take }) {
  /** @type {number[]} */
  const slowest = [];
  /** @type {string[]} */
  const failures = [];
  for (let i = 0; i < plan.bursts; i++) {
    const { latencies, others } = await load.send({
      port: app.port,
      connections: plan.burstSize,
      requests: requestsFor("trash", live, ...take(plan.burstSize)),
    });
    slowest.push(Math.max(...latencies));
    if (Object.keys(others).length > 0) failures.push(JSON.stringify(others));
  }
  const outcome = failures.length === 0 ? "all answered 200" : `**missed**: ${failures.join(", ")}`;
  return `${plan.burstSize} deletes at once with a pool of ${plan.poolSize}, ${plan.bursts} times: ${outcome}; the slowest took ${show(Math.max(...slowest), 0)} ms`;
}
