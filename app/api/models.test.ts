import { beforeEach, describe, expect, it } from "vitest";
import {
  trashProject,
  trashTraining,
  trashVersion,
  restoreProject,
  restoreVersion,
  purgeItem,
} from "@/lib/domain/trash";
import { linkTo } from "@/lib/doors/exports/download";
import { prisma } from "@/lib/platform/db";
import {
  buildApiKey,
  buildModel,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  userContext,
  type World,
} from "@/lib/testing/builders";
import {
  itemRef,
  later,
  projectRef,
  trainingRef,
  trashedProjectRef,
  trashedVersionRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { drawWeights, storeModel, storeServingVersion } from "@/lib/testing/served-model";
import { methods as downloads } from "@/pages/api/downloads/[token]";
import { call } from "./_test/call-api";

let world: World;
let key: string;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof storeServingVersion>>;

beforeEach(async () => {
  world = await buildWorld();
  key = await buildApiKey(world, { scopes: ["project:read", "version:read"] });
  project = await buildProject(world);
  version = await storeServingVersion(world, project);
});

const base = () => `/${world.workspace.slug}/${project.slug}`;
const modelPath = ({ slug } = version.model as { slug: string }) => `/models/${world.workspace.slug}/${slug}`;
const get = async (path: string, by: string = key) => call("GET", path, { key: by });

/** One that its trainer measured. */
async function storeMeasured() {
  const model = await storeModel(world, version, drawWeights(2));
  await prisma().model.update({ where: { id: model.id }, data: { metrics: { accuracy: 0.97, map50: 0.5 } } });
  return model;
}

describe("GET /:workspace/:project/models", () => {
  it("is a bare array of those that serve, newest first, in the words of the client", async () => {
    const second = await storeMeasured();
    const { status, body } = await get(`${base()}/models`);
    expect(status).toBe(200);
    const first = {
      url: `${world.workspace.slug}/${version.model.slug}`,
      modelType: "digits",
      metrics: {},
      recommended: true,
      version: `${world.workspace.slug}/${project.slug}/1`,
      group: version.model.trainingId,
      servable: true,
      sizeBytes: drawWeights().length,
      created: version.model.createdAt.getTime() / 1000,
    };
    expect(body).toEqual([
      {
        ...first,
        url: `${world.workspace.slug}/${second.slug}`,
        metrics: { accuracy: 0.97, map50: 0.5 },
        recommended: false,
        group: second.trainingId,
        created: second.createdAt.getTime() / 1000,
      },
      first,
    ]);
    expect((await get(modelPath())).body).toEqual(first);
  });

  it("of a group are those of that training, of an unknown one none", async () => {
    const second = await storeMeasured();
    expect((await get(`${base()}/models?group=${second.trainingId}`)).body).toMatchObject([
      { group: second.trainingId },
    ]);
    expect((await get(`${base()}/models?group=nothing`)).body).toEqual([]);
    expect(await get(`${base()}/models?group=${"x".repeat(201)}`)).toMatchObject({
      status: 422,
      body: { code: "invalid_input" },
    });
  });

  it("leaves out what is in Trash, and is 404 for a project that is", async () => {
    const owner = await userContext(world);
    const second = await storeMeasured();
    await trashTraining(owner, trainingRef(world, { id: second.trainingId }));
    expect((await get(`${base()}/models`)).body).toMatchObject([
      { url: `${world.workspace.slug}/${version.model.slug}` },
    ]);
    await trashVersion(owner, versionRef(world, project, version));
    expect((await get(`${base()}/models`)).body).toEqual([]);
    await trashProject(owner, projectRef(world, project));
    expect(await get(`${base()}/models`)).toMatchObject({ status: 404, body: { code: "in_trash" } });
  });
});

describe("GET /models/:workspace/:model", () => {
  it("is 404 with why: in Trash and until when, purged, never made, of another workspace", async () => {
    const owner = await userContext(world);
    expect(await get(modelPath({ slug: "never-was-1-1" }))).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await get(modelPath(), await buildApiKey(world, { scopes: ["model:infer"] }))).toMatchObject({
      status: 401,
      body: { code: "missing_scope" },
    });
    expect(await get(modelPath({ slug: "7" }))).toMatchObject({ status: 404, body: { code: "not_found" } });
    const foreign = await buildWorld();
    expect(await get(`/models/${foreign.workspace.slug}/${version.model.slug}`)).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
    expect(await get(modelPath(), await buildApiKey(foreign))).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
    await trashVersion(owner, versionRef(world, project, version));
    const { purgeAfter } = await prisma().version.findUniqueOrThrow({ where: { id: version.id } });
    expect(await get(modelPath())).toMatchObject({
      status: 404,
      body: { code: "model_in_trash", restorableUntil: purgeAfter!.toISOString() },
    });
    await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
    expect(await get(modelPath())).toMatchObject({ status: 404, body: { code: "purged" } });
  });
});

describe("the client's look at versions", () => {
  it("finds a model on those whose default serves, and on no other", async () => {
    const bare = await buildVersion(world, project);
    const owner = await userContext(world);
    const models = async () =>
      ((await get(base())).body as { versions: object[] }).versions.map((one) => ("model" in one ? one.model : null));
    expect(await models()).toEqual([
      null,
      { id: `${project.slug}/1`, url: `${world.workspace.slug}/${version.model.slug}` },
    ]);
    await buildModel(world, await buildTraining(world, bare, { status: "FINISHED" })); // not its default
    await trashTraining(owner, trainingRef(world, { id: version.model.trainingId }));
    expect(await models()).toEqual([null, null]);
  });
});

/** As a client follows a link: no key, no session. */
async function follow(
  link: string,
  method: "GET" | "HEAD" = "GET",
  headers: Record<string, string> = {},
): Promise<Response> {
  const token = new URL(link).pathname.split("/").at(-1)!;
  return downloads[method](new Request(link, { method, headers }), { params: Promise.resolve({ token }) });
}
const refusal = async (link: string) => {
  const answer = await follow(link);
  return { status: answer.status, ...((await answer.json()) as { code: string }) };
};
async function linkOf(name: string | number = version.number): Promise<string> {
  const { status, body } = await get(`${base()}/${name}/ptFile`);
  expect(status).toBe(200);
  return (body as { weightsUrl: string }).weightsUrl;
}

describe("GET /:workspace/:project/:version/ptFile", () => {
  it("gives a link to the weights by the version's number or the model's slug, which needs no key and has its length", async () => {
    const second = await storeMeasured();
    for (const [name, weights] of [
      [version.number, drawWeights()],
      [version.model.slug, drawWeights()],
      [second.slug, drawWeights(2)],
    ] as const) {
      const link = await linkOf(name);
      const part = await follow(link, "GET", { range: "bytes=1-3" });
      expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, Buffer.from(weights.subarray(1, 4))]);
      expect(link).toMatch(/^http:\/\/localhost:3000\/api\/downloads\/[\w-]+\.[\w-]{43}$/);
      expect(link).not.toContain(key);
      const answer = await follow(link);
      expect(Buffer.from(await answer.arrayBuffer()).equals(weights)).toBe(true);
      const slug = name === second.slug ? second.slug : version.model.slug;
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "content-type": "application/octet-stream",
        "content-length": String(weights.length),
        "content-disposition": `attachment; filename="${slug}.weights"`,
        "cache-control": "no-store",
      });
      const head = await follow(link, "HEAD");
      expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([
        200,
        String(weights.length),
        "",
      ]);
    }
  });

  it("is 404 for what has no model here, and 401 without the scope", async () => {
    const elsewhere = await storeServingVersion(world, await buildProject(world));
    const bare = await buildVersion(world, project);
    for (const name of [bare.number, 99, elsewhere.model.slug, "never-was-1-1", "03", "A-1-1"])
      expect(await get(`${base()}/${name}/ptFile`), String(name)).toMatchObject({
        status: 404,
        body: { code: "not_found" },
      });
    expect(await get(`${base()}/1/ptFile`, await buildApiKey(world, { scopes: ["model:infer"] }))).toMatchObject({
      status: 401,
      body: { code: "missing_scope" },
    });
    expect(await get(`${base()}/1/ptFile`, await buildApiKey(await buildWorld()))).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
  });

  it("and its link die while the version, project or training is in Trash, live again after the restore, and are dead for good after the purge", async () => {
    const owner = await userContext(world);
    const link = await linkOf();
    const both = async () =>
      [(await get(`${base()}/1/ptFile`)).body, await refusal(link)].map((body) => (body as { code: string }).code);
    await trashVersion(owner, versionRef(world, project, version));
    expect(await both()).toEqual(["model_in_trash", "model_in_trash"]);
    await restoreVersion(owner, trashedVersionRef(world, project, version));
    await trashProject(owner, projectRef(world, project));
    expect(await both()).toEqual(["model_in_trash", "model_in_trash"]);
    expect((await follow(link, "HEAD")).status).toBe(404);
    await restoreProject(owner, trashedProjectRef(world, project));
    expect((await follow(link)).status).toBe(200);
    await trashTraining(owner, trainingRef(world, { id: version.model.trainingId }));
    await purgeItem(owner, itemRef(world, "TRAINING", { id: version.model.trainingId }), UNBOUNDED);
    expect(await both()).toEqual(["purged", "not_found"]); // its files may still lie there
  });

  it("gives a link that works for 15 minutes, and leads to weights alone", async () => {
    const now = await userContext(world);
    expect((await follow(linkTo(later(now, -14 * 60_000), "weights", version.model.id))).status).toBe(200);
    expect(await refusal(linkTo(later(now, -15 * 60_000 - 1_000), "weights", version.model.id))).toMatchObject({
      status: 404,
      code: "not_found",
    });
    expect(await refusal(linkTo(now, "zip", version.model.id))).toMatchObject({ status: 404, code: "not_found" });
  });
});
