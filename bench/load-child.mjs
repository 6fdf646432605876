// The load, in a process of its own: sends each request once over kept-alive connections and reports what came back.
// A closed loop (as fast as `connections` allow) or, with `perSecond`, at a fixed pace.
import http from "node:http";

const REQUEST_TIMEOUT_MS = 30_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function send(agent, port, { method, path, body, bodyBase64, contentType = "application/json" }) {
  return new Promise((resolve) => {
    const bytes = bodyBase64 === undefined ? body : Buffer.from(bodyBase64, "base64");
    const headers =
      bytes === undefined ? {} : { "Content-Type": contentType, "Content-Length": Buffer.byteLength(bytes) };
    const request = http.request(
      { agent, host: "127.0.0.1", port, method, path, headers, timeout: REQUEST_TIMEOUT_MS },
      (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode));
      },
    );
    request.once("timeout", () => request.destroy(new Error("no answer in time")));
    request.once("error", (error) => resolve(error.code ?? error.message));
    request.end(bytes);
  });
}

async function run({ port, connections, requests, perSecond }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const latencies = [];
  const others = {};
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: Math.min(connections, requests.length) }, async () => {
      for (let i = next++; i < requests.length; i = next++) {
        if (perSecond) await sleep(startedAt + (i * 1000) / perSecond - performance.now());
        const sentAt = performance.now();
        const status = await send(agent, port, requests[i]);
        if (status === 200) latencies.push(performance.now() - sentAt);
        else others[status] = (others[status] ?? 0) + 1;
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  agent.destroy();
  return { seconds, latencies, others };
}

process.on("message", ({ id, job }) => void run(job).then((result) => process.send({ id, result })));
process.on("disconnect", () => process.exit());
process.on("SIGINT", () => {}); // Ctrl-C reaches the whole group; the parent ends us
