import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildProject, type World } from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { storeVersion } from "@/lib/testing/stored-version";
import { expect, test } from "./fixtures";

/* What only the real server can show of trainers elsewhere: its worker, its links, and large bodies through Next. */

async function begin(world: World, baseURL: string | undefined) {
  const project = await buildProject(world);
  const bytes = await photo(32, 24);
  const { number } = await storeVersion(world, project, [
    { bytes, extension: "jpg" },
    { bytes, extension: "jpg" },
  ]);
  const base = `${baseURL!}/api/${world.workspace.slug}`;
  const authorization = `Bearer ${await buildApiKey(world)}`;
  const post = async (path: string, json?: unknown) =>
    (
      await fetch(`${base}${path}`, {
        method: "POST",
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify(json ?? {}),
      })
    ).json();
  const started = (await post(`/${project.slug}/${number}/v2/trainings`, { modelType: "frequencies", epochs: 2 })) as {
    trainingId: string;
  };
  return { project, base, authorization, post, ...started };
}

test("the example trainer leaves a model on the production server", async ({ world, baseURL }) => {
  const { authorization, trainingId } = await begin(world, baseURL);
  const env = {
    ...process.env,
    REPRIEVE_URL: `${baseURL!}/api`,
    REPRIEVE_API_KEY: authorization.slice("Bearer ".length),
    EPOCH_MS: "10",
  };
  const client = spawn(process.execPath, ["examples/external-trainer.mjs", "--once"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await Promise.all([text(client.stdout), once(client, "exit")]);
  expect(said).toMatch(/^leased .*\nfinished .*\n$/);
  expect(
    await prisma().training.findUniqueOrThrow({ where: { id: trainingId }, include: { models: true } }),
  ).toMatchObject({ status: "FINISHED", epoch: 2, models: [{ modelType: "frequencies" }] });
});

test("weights larger than Next holds in memory arrive whole, and leave by a link with their length", async ({
  world,
  baseURL,
}) => {
  const { project, base, authorization, post } = await begin(world, baseURL);
  const { job } = (await post("/training-jobs/lease")) as { job: { trainingId: string; leaseId: string } };
  const weights = randomBytes(32 * 1024 ** 2);
  const sent = await fetch(`${base}/training-jobs/${job.trainingId}/weights?leaseId=${job.leaseId}`, {
    method: "PUT",
    headers: { authorization },
    body: weights,
  });
  expect([sent.status, await sent.json()]).toEqual([200, { sizeBytes: weights.length, servable: false }]);
  await post(`/training-jobs/${job.trainingId}/finish`, { leaseId: job.leaseId });
  const { weightsUrl } = (await (
    await fetch(`${base}/${project.slug}/1/ptFile`, { headers: { authorization } })
  ).json()) as { weightsUrl: string };
  const got = await fetch(weightsUrl);
  expect(got.headers.get("content-length")).toBe(String(weights.length));
  expect(Buffer.from(await got.arrayBuffer()).equals(weights)).toBe(true);
  const late = await fetch(`${base}/training-jobs/${job.trainingId}/weights?leaseId=${job.leaseId}`, {
    method: "PUT",
    headers: { authorization },
    body: "late",
  });
  expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([409, "not_running"]);
});
