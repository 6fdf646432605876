// A trainer that lives elsewhere: leases runs over HTTP, one after the other, and hands in their weights. Node 20, no packages.
//   REPRIEVE_URL=https://reprieve.example.org/api REPRIEVE_API_KEY=… node examples/external-trainer.mjs [--once]
// The key has the scopes training-job:run and version:read. Put your own training into train(); the rest can stay.
import { createWriteStream, openAsBlob } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

const { REPRIEVE_URL: base = "http://localhost:3000/api", REPRIEVE_API_KEY: key } = process.env;
const HEARTBEAT_MS = 1_000;
const IDLE_MS = 5_000;

/**
 * Your training. `dataset` is the zip of the version's images and labels in one of the formats of `job.downloads`. Call
 * `onEpoch` after each epoch; when `stop` is aborted, end after the epoch; when `cancel` is, throw.
 * This one learns nothing but how often each class occurs, and takes a second for each epoch.
 */
async function train(job, dataset, { folder, onEpoch, stop, cancel }) {
  const { size } = await stat(dataset);
  const images = Object.values(job.classes).reduce((sum, count) => sum + count, 0);
  let epoch = 0;
  while (epoch < job.epochs && !stop.aborted) {
    await sleep(Number(process.env.EPOCH_MS ?? 1_000), undefined, { signal: cancel });
    epoch += 1;
    onEpoch({ epoch, loss: 1 / epoch, accuracy: 1 - 1 / (epoch + 1) });
  }
  const weights = path.join(folder, "weights");
  await writeFile(
    weights,
    JSON.stringify(Object.fromEntries(Object.entries(job.classes).map(([name, count]) => [name, count / images]))),
  );
  return { weights, metrics: { accuracy: 1 - 1 / (epoch + 1), epochs: epoch, datasetBytes: size } };
}

/** Calls the API; a refusal throws with its code. Whoever is told to wait, waits. */
async function call(method, where, body, signal) {
  for (;;) {
    const json = body !== undefined && !(body instanceof Blob);
    const response = await fetch(`${base}${where}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(json ? { "content-type": "application/json" } : {}) },
      body: json ? JSON.stringify(body) : body,
      signal,
    });
    const answer = await response.json();
    if (response.ok) return { status: response.status, answer };
    if (response.status !== 429 && response.status !== 503)
      throw Object.assign(new Error(answer.error), { code: answer.code });
    await sleep(1_000 * Number(response.headers.get("retry-after") ?? 5), undefined, { signal });
  }
}

/** The version as a zip: asked for until it is made, then fetched by its link, which needs no key. */
async function download(where, file, signal) {
  for (;;) {
    const { status, answer } = await call("GET", where, undefined, signal);
    if (status === 200) {
      const response = await fetch(answer.export.link, { signal });
      if (!response.ok) throw new Error(`The download answered ${response.status}.`);
      return pipeline(Readable.fromWeb(response.body), createWriteStream(file), { signal });
    }
    await sleep(1_000, undefined, { signal });
  }
}

async function work(jobs, job) {
  const { trainingId, leaseId } = job;
  const folder = await mkdtemp(path.join(tmpdir(), "trainer-"));
  const [stop, cancel, ended] = [new AbortController(), new AbortController(), new AbortController()];
  let unreported = [];

  /** Says that we are at work and hears whether to go on; a server that is away for less than the lease does no harm. */
  async function beat() {
    const epochs = unreported;
    const { answer } = await call("POST", `${jobs}/${trainingId}/heartbeat`, { leaseId, epochs }, cancel.signal);
    unreported = unreported.filter((epoch) => !epochs.includes(epoch));
    if (answer.answer === "stop") stop.abort();
    if (answer.answer === "cancel") cancel.abort(new Error("cancelled"));
  }
  async function keepBeating() {
    while (!ended.signal.aborted) {
      await beat().catch((error) => cancel.signal.aborted || console.error(`heartbeat: ${error.message}`));
      await sleep(HEARTBEAT_MS, undefined, { signal: AbortSignal.any([ended.signal, cancel.signal]) }).catch(() =>
        ended.abort(),
      );
    }
  }

  const beating = keepBeating();
  try {
    const dataset = path.join(folder, "dataset.zip");
    await download(Object.values(job.downloads)[0], dataset, cancel.signal);
    const { weights, metrics } = await train(job, dataset, {
      folder,
      onEpoch: (epoch) => unreported.push(epoch),
      stop: stop.signal,
      cancel: cancel.signal,
    });
    await call("PUT", `${jobs}/${trainingId}/weights?leaseId=${leaseId}`, await openAsBlob(weights), cancel.signal);
    ended.abort();
    await beating;
    await beat(); // the last epochs
    const { answer } = await call("POST", `${jobs}/${trainingId}/finish`, { leaseId, metrics });
    console.log(`finished ${answer.modelId}`);
  } catch (error) {
    if (cancel.signal.aborted || error.code === "not_running") return console.log(`cancelled ${trainingId}`);
    console.error(error);
    await call("POST", `${jobs}/${trainingId}/fail`, {
      leaseId,
      reason: String(error.message).replace(/\s+/g, " ").slice(0, 500) || "It failed.",
    }).catch(() => {});
    console.log(`failed ${trainingId}`);
  } finally {
    ended.abort();
    await beating;
    await rm(folder, { recursive: true, force: true });
  }
}

const { workspace } = (await call("POST", "/")).answer;
const jobs = `/${workspace}/training-jobs`;
const once = process.argv.includes("--once");
for (;;) {
  const { job } = (await call("POST", `${jobs}/lease`)).answer;
  if (job) console.log(`leased ${job.trainingId}: ${job.project} ${job.version}, ${job.modelType}`);
  if (job) await work(jobs, job);
  if (once) break;
  if (!job) await sleep(IDLE_MS);
}
