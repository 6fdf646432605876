import type { ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildProject, userContext, type World } from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { buildRealVersion } from "@/lib/testing/real-version";
import { drawWeights, storeServingVersion } from "@/lib/testing/served-model";
import { startTraining } from "@/lib/domain/trainings";
import { expect, test } from "./fixtures";
import { end, freeOrigin, startWeb, startWorker } from "./processes";

/*
 * A second web process and a second worker on the same database and files: what one of them does, both keep to. And what
 * only real HTTP can show of inference: large bodies through sockets, memory, the end of a process.
 */

const MB = 1024 ** 2;
/** More that a web process may hold of what strangers send: the bytes of bodies (96 MB), copies of them, and Node's own slack. */
const GROWTH_BYTES_MAX = 256 * MB;

interface Fleet {
  web: ChildProcess;
  worker: ChildProcess;
  /** Of the second web process. */
  origin: string;
}

let fleet: Fleet;

test.describe.configure({ mode: "default" }); // one second pair for all tests

test.beforeAll(async ({ server, baseURL }) => {
  test.setTimeout(120_000);
  const settings = { PUBLIC_URL: baseURL!, TRAINING_CONCURRENCY: "2", INFER_IMAGE_HOSTS: "http://localhost" };
  const origin = await freeOrigin();
  fleet = {
    origin,
    worker: startWorker(server, settings),
    web: await startWeb(server, origin, settings),
  };
});

test.afterAll(async () => {
  await Promise.all([fleet.web, fleet.worker].map((child) => end(child)));
});

async function begin(world: World) {
  const project = await buildProject(world);
  const version = await storeServingVersion(world, project);
  const key = await buildApiKey(world);
  const api = (origin: string, where: string) =>
    `${origin}/api/${where}${where.includes("?") ? "&" : "?"}api_key=${key}`;
  const names = [`${project.slug}/${version.number}`, `${world.workspace.slug}/${version.model.slug}`];
  const trash = async (origin: string) =>
    expect(
      (await fetch(api(origin, `${world.workspace.slug}/${project.slug}/${version.number}`), { method: "DELETE" }))
        .status,
    ).toBe(200);
  async function restore(origin: string): Promise<void> {
    const body = JSON.stringify({ type: "version", id: String(version.number), parentId: project.id });
    expect(
      (
        await fetch(api(origin, `${world.workspace.slug}/trash/restore`), {
          method: "POST",
          body,
          headers: { "content-type": "application/json" },
        })
      ).status,
    ).toBe(200);
  }
  return { project, version, key, api, names, trash, restore };
}

test("two web processes fall silent and answer again with the very next call, to the last digit as before", async ({
  world,
  baseURL,
}) => {
  const { api, names, trash, restore } = await begin(world);
  const body = new Uint8Array(await photo(64, 48));
  const doors = [baseURL!, fleet.origin].flatMap((origin) =>
    names.map((name) => api(origin, `infer/${name}?confidence=0`)),
  );
  const answers: { sent: number; answered: number; status: number; said: string }[] = [];
  async function ask(url: string): Promise<void> {
    const sent = performance.now();
    const answer = await fetch(url, { method: "POST", body, headers: { "content-type": "image/jpeg" } });
    const { predictions, code } = (await answer.json()) as { predictions?: object; code?: string };
    answers.push({
      sent,
      answered: performance.now(),
      status: answer.status,
      said: JSON.stringify(predictions ?? code),
    });
  }
  const askAll = () => Promise.all(doors.map(ask));

  await askAll(); // both hold the weights in memory from here on
  const SERVED = { status: 200, said: answers[0]!.said };
  const SILENT = { status: 404, said: JSON.stringify("model_in_trash") };
  let over = false;
  const others = doors.map(async (url) => {
    while (!over) await ask(url);
  });
  const acts = [];
  for (const [act, state] of [
    [() => trash(baseURL!), SILENT],
    [() => restore(fleet.origin), SERVED],
    [() => trash(fleet.origin), SILENT],
    [() => restore(baseURL!), SERVED],
  ] as const) {
    const sent = performance.now();
    await act();
    acts.push({ sent, answered: performance.now(), state });
    await askAll();
  }
  over = true;
  await Promise.all(others);

  for (const [index, { answered, state }] of acts.entries()) {
    const next = acts[index + 1]?.sent ?? Infinity;
    const between = answers.filter((one) => one.sent >= answered && one.answered <= next);
    expect(between.length).toBeGreaterThanOrEqual(doors.length);
    for (const { status, said } of between) expect({ status, said }).toEqual(state);
  }
  for (const { status, said } of answers) expect([SILENT, SERVED]).toContainEqual({ status, said });
});

test("weights that one process links to come from the other, with their length, and not while the version is in Trash", async ({
  world,
  baseURL,
}) => {
  const { api, project, version, trash, restore } = await begin(world);
  const asked = await fetch(api(baseURL!, `${world.workspace.slug}/${project.slug}/${version.number}/ptFile`));
  const link = ((await asked.json()) as { weightsUrl: string }).weightsUrl.replace(baseURL!, fleet.origin);
  const weights = await send(link, { method: "GET" });
  expect(weights).toMatchObject({
    status: 200,
    headers: { "content-length": String(drawWeights().length), "content-type": "application/octet-stream" },
  });
  expect(weights.body.equals(drawWeights())).toBe(true);
  expect(await send(link, { method: "HEAD" })).toMatchObject({
    status: 200,
    headers: { "content-length": String(drawWeights().length) },
  });
  await trash(baseURL!);
  expect(await send(link, { method: "GET" })).toMatchObject({ status: 404 });
  await restore(baseURL!);
  expect(await send(link, { method: "GET" })).toMatchObject({ status: 200 });
});

interface Sent {
  method: string;
  type?: string;
  body?: Buffer | Readable;
}

/** A request with no client's help; a body of a stream does not say its length. What was answered before the connection broke counts. */
function send(
  url: string,
  { method, type, body }: Sent,
): Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(type === undefined ? {} : { "content-type": type }),
      ...(Buffer.isBuffer(body) ? { "content-length": body.length } : {}),
    };
    const request = httpRequest(url, { method, headers }, (answer) => {
      buffer(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: bytes }),
        reject,
      );
    });
    request.on("error", reject);
    if (body instanceof Readable) body.pipe(request);
    else request.end(body);
  });
}

/** Resident memory of a process in bytes: now (VmRSS), or the most there ever was (VmHWM). Null where /proc is not. */
function memoryOf(pid: number, field: "VmRSS" | "VmHWM"): number | null {
  const file = `/proc/${pid}/status`;
  return existsSync(file)
    ? Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readFileSync(file, "utf8"))![1]) * 1024
    : null;
}

test("what is no image, too large or elsewhere is refused with a sentence, and memory stays bounded", async ({
  world,
}) => {
  const { api, names } = await begin(world);
  const url = (query = "") => api(fleet.origin, `infer/${names[0]}${query}`);
  const refusal = async (sent: Omit<Sent, "method">, query?: string) => {
    const { status, body } = await send(url(query), { method: "POST", ...sent });
    const { code, error } = JSON.parse(body.toString()) as { code: string; error: string };
    expect(error).toMatch(/^[A-Z].*\.$/);
    return [status, code];
  };
  const jpeg = await photo(64, 48);
  expect((await send(url(), { method: "POST", type: "image/jpeg", body: jpeg })).status).toBe(200);
  expect(await refusal({ type: "image/jpeg", body: Buffer.from("hello") })).toEqual([422, "unreadable_image"]);
  expect(await refusal({ type: "image/jpeg", body: jpeg.subarray(0, 300) })).toEqual([422, "unreadable_image"]);
  expect(await refusal({ type: "application/json", body: Buffer.from("{}") })).toEqual([415, "unsupported_media_type"]);
  expect(await refusal({})).toEqual([400, "invalid_request"]);
  for (const image of [
    "http://169.254.169.254/latest/meta-data",
    "http://localhost/private",
    "file:///etc/passwd",
    "https://example.com/a.png",
  ]) {
    expect(await refusal({}, `?image=${encodeURIComponent(image)}`), image).toEqual([400, "invalid_request"]);
  }

  const before = memoryOf(fleet.web.pid!, "VmRSS");
  const large = Buffer.alloc(50 * MB, 65);
  const form = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'),
    large,
    Buffer.from("\r\n--b--\r\n"),
  ]);
  for (const [type, body] of [
    ["image/jpeg", large],
    ["multipart/form-data; boundary=b", form],
    ["application/x-www-form-urlencoded", large],
  ] as const) {
    expect(await refusal({ type, body }), type).toEqual([413, "payload_too_large"]);
    // eight at once that do not say how much will come
    const parts = Array.from({ length: body.length / MB }, (_, index) => body.subarray(index * MB, (index + 1) * MB));
    const statuses = await Promise.allSettled(
      Array.from({ length: 8 }, () => refusal({ type, body: Readable.from(parts) })),
    );
    for (const one of statuses) if (one.status === "fulfilled") expect([413, 503]).toContain(one.value[0]);
  }
  const peak = memoryOf(fleet.web.pid!, "VmHWM");
  test.info().annotations.push({
    type: "memory",
    description: `${Math.round((before ?? 0) / MB)} MB, at most ${Math.round((peak ?? 0) / MB)} MB`,
  });
  if (before !== null && peak !== null) expect(peak - before).toBeLessThan(GROWTH_BYTES_MAX);
  expect((await send(url(), { method: "POST", type: "image/jpeg", body: jpeg })).status).toBe(200);
});

/** The processes that a process has started. Empty where /proc is not. */
function childrenOf(pid: number): number[] {
  if (!existsSync("/proc/self/stat")) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid);
}

/** null for one that is gone, or waits to be buried. */
function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? null : Number(parent);
  } catch {
    return null;
  }
}

test("two workers let go of their runs when the version goes to Trash, whichever web process was asked", async ({
  world,
  server,
}) => {
  test.slow(); // three children start to train
  const project = await buildProject(world);
  const version = await buildRealVersion(world, project, { images: 200 });
  const ref = { workspaceSlug: world.workspace.slug, projectSlug: project.slug, number: version.number };
  // each worker has two places
  for (let run = 0; run < 3; run++) await startTraining(await userContext(world), { ...ref, epochs: 500 });
  const statuses = async () =>
    await prisma().training.findMany({
      where: { versionId: version.id },
      select: { status: true, statusReason: true, epoch: true },
    });
  await expect
    .poll(async () => (await statuses()).map(({ status, epoch }) => status === "RUNNING" && epoch > 0), {
      timeout: 30_000,
      intervals: [50],
    })
    .toEqual([true, true, true]);
  const workers = [server.workerPid, fleet.worker.pid!];
  const children = workers.map(childrenOf);
  const key = await buildApiKey(world);
  const asked = await fetch(
    `${fleet.origin}/api/${ref.workspaceSlug}/${ref.projectSlug}/${ref.number}?api_key=${key}`,
    { method: "DELETE" },
  );
  expect(asked.status).toBe(200);
  expect((await statuses()).map(({ status, statusReason }) => [status, statusReason])).toEqual(
    Array(3).fill(["CANCELLED", "version moved to Trash"]),
  );
  if (children.flat().length > 0) {
    // a second for the word, another before a child that does not listen is killed
    await expect
      .poll(() => children.flat().filter((child) => parentOf(child) !== null).length, {
        timeout: 2_000,
        intervals: [20],
      })
      .toBeLessThanOrEqual(children.flat().length - 3);
  }
  expect(await prisma().model.count({ where: { versionId: version.id } })).toBe(0);
});

test("a web process that is told to end writes what it counted", async ({ world }) => {
  const { api, names, version } = await begin(world);
  const body = await photo(64, 48);
  for (const name of names)
    expect((await send(api(fleet.origin, `infer/${name}`), { method: "POST", type: "image/jpeg", body })).status).toBe(
      200,
    );
  await end(fleet.web);
  expect(await prisma().modelCalls.findMany({ where: { modelId: version.model.id }, select: { calls: true } })).toEqual(
    [{ calls: 2 }],
  );
});
