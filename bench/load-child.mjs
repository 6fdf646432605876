// The load, in a process of its own: sends each request once over kept-alive connections and reports what came back.
// A closed loop (as fast as `connections` allow) or, with `perSecond`, at a fixed pace.
import http from "node:http";
import { codeOf } from "../scripts/failures.mjs";

const REQUEST_TIMEOUT_MS = 30_000;
/**
 * @typedef {{ method: string, path: string, body?: string, bodyBase64?: string, contentType?: string, cookie?: string }} LoadRequest
 * @typedef {{ port: number, connections: number, requests: LoadRequest[], perSecond?: number | undefined }} Job
 * @typedef {{ seconds: number, latencies: number[], others: { [answer: string]: number } }} LoadResult
 */

const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @param {http.Agent} agent
 * @param {number} port
 * @param {LoadRequest} request
 * @returns {Promise<number | string>} the status, or what went wrong
 */
function send(agent, port, { method, path, body, bodyBase64, contentType = "application/json", cookie }) {
  return new Promise((resolve) => {
    const bytes = bodyBase64 === undefined ? body : Buffer.from(bodyBase64, "base64");
    /** @type {http.OutgoingHttpHeaders} */
    const headers =
      bytes === undefined ? {} : { "Content-Type": contentType, "Content-Length": Buffer.byteLength(bytes) };
    if (cookie !== undefined) headers.Cookie = cookie;
    const request = http.request(
      { agent, host: "127.0.0.1", port, method, path, headers, timeout: REQUEST_TIMEOUT_MS },
      (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode ?? 0));
      },
    );
    request.once("timeout", () => request.destroy(new Error("no answer in time")));
    request.once("error", (error) => resolve(codeOf(error) ?? error.message));
    request.end(bytes);
  });
}

/**
 * @param {Job} job
 * @returns {Promise<LoadResult>}
 */
async function run({ port, connections, requests, perSecond }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  /** @type {number[]} */
  const latencies = [];
  /** @type {LoadResult["others"]} */
  const others = {};
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: Math.min(connections, requests.length) }, async () => {
      for (let i = next++, request = requests[i]; request; i = next++, request = requests[i]) {
        if (perSecond) await sleep(startedAt + (i * 1000) / perSecond - performance.now());
        const sentAt = performance.now();
        const status = await send(agent, port, request);
        if (status === 200) latencies.push(performance.now() - sentAt);
        else others[status] = (others[status] ?? 0) + 1;
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  agent.destroy();
  return { seconds, latencies, others };
}

process.on(
  "message",
  (/** @type {{ id: number, job: Job }} */ { id, job }) =>
    void run(job).then((result) => process.send?.({ id, result })),
);
process.on("disconnect", () => process.exit());
process.on("SIGINT", () => {}); // Ctrl-C reaches the whole group; the parent ends us
