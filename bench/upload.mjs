// 2,000 photos into a project over HTTP, with the calls that the official client makes: upload, annotate, and all of it again.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { tsImport } from "tsx/esm/api";
import { makeWorkspace } from "./data.mjs";
import { takePhoto } from "./generate.mjs";
import { percentile, show, table } from "./report.mjs";
import { connect, migrate, startApp } from "./stage.mjs";
import { cpuMs, memoryMb, peakMemoryMb } from "./usage.mjs";

const CLASSES = ["helmet", "head"];
const BOUNDARY = "4f2d1c0b9a8e7d6c5b4a39281706f5e4";

/** @typedef {{ status: number, body: { id: string, success?: boolean, duplicate?: boolean } }} Answer */

/**
 * A form as requests-toolbelt writes it for `project.upload(…)`.
 * @param {string} name
 * @param {string} split
 * @param {Buffer} bytes
 */
function formOf(name, split, bytes) {
  const part = (/** @type {string} */ disposition, type = "") =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n${type}\r\n`;
  const head = `${part('name="name"')}${name}\r\n${part('name="split"')}${split}\r\n${part('name="file"; filename="imageToUpload"', "Content-Type: image/jpeg\r\n")}`;
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}

const splitOf = (/** @type {number} */ index) => ["train", "train", "train", "valid"][index % 5] ?? "test";
const nameOf = (/** @type {number} */ index) => `photo-${String(index).padStart(4, "0")}.jpg`;

/**
 * One call on a connection of its own, as the client makes them. Answers its status and what it said.
 * @param {number} port
 * @param {{ target: string, contentType: string, body: Buffer }} call
 * @returns {Promise<Answer>}
 */
function send(port, { target, contentType, body }) {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": contentType, "Content-Length": body.length };
    const request = http.request(
      { agent: false, host: "127.0.0.1", port, method: "POST", path: target, headers },
      (response) => {
        /** @type {Buffer[]} */
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) }),
        );
      },
    );
    request.once("error", reject);
    request.end(body);
  });
}

/** @type {(port: number, target: string, value: unknown) => Promise<Answer>} */
const sendJson = (port, target, value) =>
  send(port, { target, contentType: "application/json", body: Buffer.from(JSON.stringify(value)) });

/**
 * `run` for every number below `count`, so many at once: { seconds, latencies, results }.
 * @template T
 * @param {number} count
 * @param {number} connections
 * @param {(index: number) => Promise<T>} run
 */
async function each(count, connections, run) {
  const queue = Array(count).keys();
  /** @type {number[]} */
  const latencies = [];
  /** @type {T[]} */
  const results = [];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (const index of queue) {
        const sentAt = performance.now();
        results[index] = await run(index);
        latencies.push(performance.now() - sentAt);
      }
    }),
  );
  return { seconds: (performance.now() - startedAt) / 1000, latencies, results };
}

/**
 * `plan.upload`: photos, connections.
 * @param {import("./run.mjs").Run & { stage: import("./stage.mjs").Stage }} options
 */
export async function measureUpload({ stage, plan, say }) {
  const { photos, connections } = plan.upload;
  const folder = path.join(stage.scratch, "photos");
  const blobs = path.join(stage.scratch, "blobs");
  mkdirSync(folder);
  say(`Taking ${photos} photos …`);
  const fileOf = (/** @type {number} */ index) => path.join(folder, nameOf(index));
  let bytes = 0;
  await each(photos, 2, async (index) => {
    const photo = await takePhoto(index);
    bytes += photo.length;
    await writeFile(fileOf(index), photo);
  });

  /** @type {typeof import("../lib/engine/generate")} */
  const { inspectImage, makeThumbnail } = await tsImport("../lib/engine/generate.ts", import.meta.url);
  say("Looking at them with the engine alone …");
  const alone = await each(photos, 2, async (index) => {
    await inspectImage(fileOf(index));
    await makeThumbnail(fileOf(index), 256);
  });

  const url = stage.urlOf("upload");
  await migrate(stage, url);
  const client = await connect(url);
  const { slug, key } = await makeWorkspace(client, "upload");
  const app = await startApp(stage, "ours", url);
  /** @type {(name: string) => Promise<string>} */
  const makeProject = async (name) => {
    const wanted = { name, type: "object-detection", license: "MIT", annotation: "helmets" };
    const { body } = await sendJson(app.port, `/api/${slug}/projects?api_key=${key}`, wanted);
    return body.id.slice(body.id.indexOf("/") + 1);
  };
  /** @type {(project: string, index: number) => Promise<Answer>} */
  const upload = async (project, index) => {
    const body = formOf(nameOf(index), splitOf(index), await readFile(fileOf(index)));
    return send(app.port, {
      target: `/api/dataset/${project}/upload?api_key=${key}&batch=Pip+Package+Upload`,
      contentType: `multipart/form-data; boundary=${BOUNDARY}`,
      body,
    });
  };
  /** @type {(project: string, index: number, image: string | undefined) => Promise<Answer>} */
  const annotate = (project, index, image) => {
    const name = nameOf(index).replace("jpg", "txt");
    return sendJson(
      app.port,
      `/api/dataset/${project}/annotate/${image}?api_key=${key}&name=${name}&jobName=Annotated+via+API`,
      { annotationFile: `${index % 2} 0.5 0.5 0.25 0.25\n`, labelmap: CLASSES },
    );
  };

  say("Warming up …");
  const warm = await makeProject("Warm");
  const warmed = await each(Math.min(50, photos), connections, (index) => upload(warm, index));
  await each(warmed.results.length, connections, (index) => annotate(warm, index, warmed.results[index]?.body.id));

  const project = await makeProject("Photos");
  const [memoryBefore, cpuBefore] = [memoryMb(app.pid), cpuMs(app.pid)];
  say("Uploading …");
  const first = await each(photos, connections, (index) => upload(project, index));
  const cpu = cpuMs(app.pid) - cpuBefore;
  const ids = first.results.map(({ body }) => body.id);
  say(`${show(photos / first.seconds, 1)} images a second; annotating …`);
  const annotated = await each(photos, connections, (index) => annotate(project, index, ids[index]));
  say("All of it again …");
  const again = await each(photos, connections, (index) => upload(project, index));
  const annotatedAgain = await each(photos, connections, (index) => annotate(project, index, ids[index]));
  const peak = peakMemoryMb(app.pid);

  const { rows } = await client.query(
    `select count(*)::int as images, count(*) filter (where jsonb_array_length(boxes) = 1)::int as annotated, count(distinct sha256)::int as contents, sum(size_bytes)::bigint::text as bytes
     from images join projects p on p.id = project_id where p.slug = $1`,
    [project],
  );
  const { rows: projects } = await client.query("select id from projects where slug = $1", [project]);
  const filesIn = (/** @type {string} */ kind) =>
    readdirSync(path.join(blobs, "projects", projects[0].id, kind)).length;
  /** @typedef {(status: number, body: Answer["body"], index: number) => boolean} Expected */
  /** @type {(calls: { results: Answer[] }, expected: Expected) => number} How many are not as expected. */
  const answers = ({ results }, expected) =>
    results.filter(({ status, body }, index) => !expected(status, body, index)).length;
  const differences = {
    "uploads not answered 200 with success": answers(first, (status, body) => status === 200 && body.success === true),
    "annotations not answered 200": answers(annotated, (status) => status === 200),
    "second uploads not recognised as the first": answers(
      again,
      (status, body, index) => status === 200 && body.duplicate === true && body.id === ids[index],
    ),
    "second annotations not answered 409": answers(annotatedAgain, (status) => status === 409),
    "images more than files sent": rows[0].images - photos,
    "images of the same content": rows[0].images - rows[0].contents,
    "images without their box": photos - rows[0].annotated,
    "bytes more than were sent": Number(rows[0].bytes) - bytes,
    "originals more than images": filesIn("images") - photos,
    "thumbnails more than images": filesIn("thumbs") - photos,
  };
  const problems = Object.entries(differences)
    .filter(([, count]) => count !== 0)
    .map(([what, count]) => `upload: ${what}: ${count}`);
  await app.stop();
  await client.end();
  rmSync(blobs, { recursive: true, force: true });
  rmSync(folder, { recursive: true });

  const rate = (/** @type {{ seconds: number }} */ { seconds }) => photos / seconds;
  const text = table(
    [`${photos} photos of 640 × 640, ${show(bytes / 1e6, 0)} MB, ${connections} connections`, ""],
    [
      ["images uploaded a second", show(rate(first), 1)],
      ["× the engine alone (decoding and thumbnails, two at a time)", show(rate(first) / rate(alone))],
      [
        "p50 and p99 of an upload, ms",
        `${show(percentile(first.latencies, 50), 0)} and ${show(percentile(first.latencies, 99), 0)}`,
      ],
      ["server CPU ms an image", show(cpu / photos, 1)],
      ["images annotated a second", show(rate(annotated), 1)],
      ["images recognised a second, when all are uploaded again", show(rate(again), 1)],
      [`the web process's memory grew by MB (from ${show(memoryBefore, 0)})`, show(peak - memoryBefore, 0)],
    ],
  );
  return { problems, text };
}
