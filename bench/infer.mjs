// How fast a model answers over HTTP, as the official client asks, beside its bare predictor in a loop on the same images.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { addModel, addProject, makeWorkspace, settle } from "./data.mjs";
import { figuresOf } from "./hot-paths.mjs";
import { median, show, table, verdict } from "./report.mjs";
import { connect, startApp } from "./stage.mjs";
import { each, itemAt, loadTrainer } from "./train.mjs";
import { cpuMs, peakMemoryMb } from "./usage.mjs";

const CLASSES = [..."0123456789"];
/** Enough to tell digits apart somehow: how good the weights are changes nothing here. */
const EPOCHS = 3;
const DIGITS = 200;
/** @type {import("./report.mjs").Goal} */
const SPEED = { must: 0.5, aim: 0.6, better: "more" };
/** The goal is for this many. */
const GOAL_CONNECTIONS = 8;
const BOUNDARY = "bench-boundary";

/**
 * @typedef {import("../lib/engine/trainer/predictor").Predictor} Predictor
 * @typedef {import("./data.mjs").Workspace} Workspace
 * @typedef {import("./stage.mjs").App} App
 * @typedef {import("./hot-paths.mjs").Slice} Slice
 */

/** The digits as PNGs and weights learned from them, by the engine itself. */
async function learn() {
  const { readDigits, train, createPredictor } = await loadTrainer();
  const digits = await readDigits(DIGITS);
  const never = new AbortController().signal;
  const images = digits.map(({ fileName, split, label, png }) => ({ path: fileName, split, label, bytes: png }));
  const { weights } = await train({
    classes: CLASSES,
    images: each(images),
    epochs: EPOCHS,
    seed: 1,
    onEpoch: () => {},
    cancel: never,
    stop: never,
  });
  return { pngs: digits.map(({ png }) => png), weights, predictor: createPredictor(weights) };
}

/**
 * What TrainedModel.predict sends.
 * @param {Workspace} workspace
 * @param {Buffer} png
 */
function requestFor(workspace, png) {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="imageToUpload"\r\nContent-Type: image/jpeg\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), png, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
  return {
    method: "POST",
    path: `/api/infer/digits/1?api_key=${workspace.key}&confidence=40&overlap=30&format=json`,
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    bodyBase64: body.toString("base64"),
  };
}

/**
 * `count` predictions one after another, which is all that a loop can do.
 * @param {Predictor} predictor
 * @param {Buffer[]} pngs
 * @param {number} count
 * @returns {Promise<Slice>}
 */
async function loop(predictor, pngs, count) {
  /** @type {number[]} */
  const latencies = [];
  const cpu = process.cpuUsage(); // libvips' threads included
  const startedAt = performance.now();
  for (let i = 0; i < count; i++) {
    const sentAt = performance.now();
    await predictor.predict(itemAt(pngs, i));
    latencies.push(performance.now() - sentAt);
  }
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - startedAt) / 1000, latencies, cpu: (user + system) / 1000 };
}

/**
 * Server and loop take turns; who begins changes every turn, and ratios are taken within a round. Answers { text, problems }.
 * @param {import("./run.mjs").ServedRun} options
 */
export async function measureInfer({ stage, load, plan, say }) {
  const { rounds, slices, sliceRequests, warmUp, connections: counts } = plan.infer;
  const { pngs, weights, predictor } = await learn();
  const url = stage.urlOf("ours");
  const client = await connect(url);
  const workspace = await makeWorkspace(client, "infer");
  const project = await addProject(client, workspace, "digits");
  const model = await addModel(client, workspace, project, weights.length);
  const folder = path.join(stage.scratch, "blobs/versions", model.versionId, "trainings", model.trainingId, model.id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(path.join(folder, "weights.safetensors"), weights);
  await settle(client);
  const app = await startApp(stage, "ours", url);
  /** @type {string[]} */
  const problems = [];

  let asked = 0;
  /**
   * @param {number} connections
   * @param {number} count
   * @returns {Promise<Slice>}
   */
  async function ask(connections, count) {
    const before = cpuMs(app.pid);
    const requests = Array.from({ length: count }, (_, i) => requestFor(workspace, itemAt(pngs, i)));
    const { seconds, latencies, others } = await load.send({ port: app.port, connections, requests });
    if (Object.keys(others).length > 0)
      problems.push(`inference at ${connections} connections: answers other than 200: ${JSON.stringify(others)}`);
    asked += latencies.length;
    return { seconds, latencies, cpu: cpuMs(app.pid) - before };
  }

  say("Warming up inference …");
  await ask(GOAL_CONNECTIONS, warmUp);
  await loop(predictor, pngs, warmUp);
  const rows = [];
  for (const connections of counts) {
    /** @type {Record<"served" | "bare", import("./hot-paths.mjs").Figures>[]} */
    const figures = [];
    for (let round = 0; round < rounds; round++) {
      say(`Inference at ${connections}, round ${round + 1} of ${rounds} …`);
      /** @type {Record<"served" | "bare", Slice[]>} */
      const sides = { served: [], bare: [] };
      for (let slice = 0; slice < slices; slice++) {
        const turns = [
          async () => sides.served.push(await ask(connections, sliceRequests)),
          async () => sides.bare.push(await loop(predictor, pngs, sliceRequests)),
        ];
        for (const turn of slice % 2 ? turns.reverse() : turns) await turn();
      }
      figures.push({ served: figuresOf(sides.served), bare: figuresOf(sides.bare) });
    }
    const of = (/** @type {"served" | "bare"} */ side, /** @type {keyof import("./hot-paths.mjs").Figures} */ field) =>
      median(figures.map((round) => round[side][field]));
    const ratios = figures.map(({ served, bare }) => served.perSecond / bare.perSecond);
    rows.push([
      connections,
      `${show(of("served", "perSecond"), 0)} / ${show(of("bare", "perSecond"), 0)}`,
      `${show(median(ratios))} [${show(Math.min(...ratios))}–${show(Math.max(...ratios))}]`,
      connections === GOAL_CONNECTIONS ? verdict(median(ratios), SPEED) : "",
      `${show(of("served", "p50"))} / ${show(of("bare", "p50"))}`,
      show(of("served", "p99")),
      `${show(of("served", "cpu"))} / ${show(of("bare", "cpu"))}`,
    ]);
  }
  await checkPredictions({ app, workspace, pngs, predictor, problems });
  asked += pngs.length;
  const memory = peakMemoryMb(app.pid);
  await app.stop(); // which writes the last counts
  const { rows: counted } = await client.query(
    "select coalesce(sum(calls), 0)::int as calls from model_calls where model_id = $1",
    [model.id],
  );
  if (counted[0].calls !== asked) problems.push(`${counted[0].calls} calls were counted, of ${asked}`);
  await client.end();
  const head = [
    "connections",
    "predictions/s served / bare loop",
    "× loop (rounds)",
    "",
    "p50 ms served / loop",
    "p99 ms served",
    "CPU ms each, server / loop",
  ];
  return { problems, text: `${table(head, rows)}\n\nPeak memory of the server: ${show(memory, 0)} MB` };
}

/**
 * What is measured must be right: every image gets over HTTP what the bare predictor says of it, to the last digit.
 * @param {{ app: App, workspace: Workspace, pngs: Buffer[], predictor: Predictor, problems: string[] }} options
 */
async function checkPredictions({ app, workspace, pngs, predictor, problems }) {
  for (const png of pngs) {
    const { method, path: where, contentType, bodyBase64 } = requestFor(workspace, png);
    const answer = await fetch(`http://127.0.0.1:${app.port}${where.replace("confidence=40", "confidence=0")}`, {
      method,
      headers: { "Content-Type": contentType },
      body: Buffer.from(bodyBase64, "base64"),
    });
    const served = JSON.stringify((await answer.json()).predictions);
    if (served !== JSON.stringify((await predictor.predict(png)).predictions))
      return problems.push("inference: the server does not answer what the predictor does");
  }
}
