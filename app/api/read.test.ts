import { describe, expect, it } from "vitest";
import {
  buildApiKey,
  buildMember,
  buildModel,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
} from "@/lib/testing/builders";
import { prisma } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { call } from "./_test/call-api";

/** A project whose every field has something to say. */
async function buildScene() {
  const world = await buildWorld();
  await buildMember(world, "VIEWER");
  const key = await buildApiKey(world);
  const project = await buildProject(world, { name: "Hard Hats" });
  const facts = { projectId: project.id, contentType: "image/png", sizeBytes: 100, width: 28, height: 28 };
  const image = (split: "TRAIN" | "VALID" | "TEST", label: string | null) => ({
    ...facts,
    fileName: "a.png",
    sha256: newId(),
    split,
    label,
  });
  await prisma().image.createMany({
    data: [
      image("TRAIN", "hat"),
      image("TRAIN", "hat"),
      image("TRAIN", null),
      image("VALID", "head"),
      image("TEST", "hat"),
    ],
  });
  const version = await buildVersion(world, project, { name: "first", images: 240 });
  const slug = world.workspace.slug;
  return { world, key, project, version, slug, path: `/${slug}/${project.slug}` };
}

const seconds = (instant: Date): number => instant.getTime() / 1000;

describe("POST /, the key check", () => {
  it("answers the key's workspace, with the key in the query or as a bearer token", async () => {
    const { slug, key } = await buildScene();
    const expected = {
      welcome: expect.any(String),
      instructions: expect.any(String),
      docs: expect.any(String),
      workspace: slug,
    };
    expect(await call("POST", "/", { key })).toMatchObject({ status: 200, body: expected });
    expect(await call("POST", "/", { headers: { authorization: `Bearer ${key}` } })).toMatchObject({
      status: 200,
      body: expected,
    });
    expect(await call("POST", "/?api_key=", { headers: { authorization: `bearer ${key}` } })).toMatchObject({
      status: 200,
    });
  });
  it("is 401, and nothing that the client would try again, for no key, an empty, an unknown and a revoked one", async () => {
    const { world } = await buildScene();
    const revoked = await buildApiKey(world, { revokedAt: new Date() });
    for (const key of [undefined, "", "rp_unknown", revoked, "\0", "é"])
      expect(await call("POST", "/", { key })).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  });
});

describe("GET /:workspace", () => {
  it("answers the workspace and every project with all the fields that the client reads", async () => {
    const { slug, key, project } = await buildScene();
    const { status, body } = await call("GET", `/${slug}`, { key });
    expect(status).toBe(200);
    expect(body).toEqual({
      workspace: { name: slug, url: slug, members: 2, projects: [projectFields(slug, project)] },
    });
  });
  it("leaves out projects in Trash", async () => {
    const { slug, key, path } = await buildScene();
    await call("DELETE", path, { key });
    expect((await call("GET", `/${slug}`, { key })).body).toMatchObject({ workspace: { projects: [] } });
  });
});

function projectFields(workspaceSlug: string, project: { slug: string; createdAt: Date; updatedAt: Date }) {
  return {
    id: `${workspaceSlug}/${project.slug}`,
    type: "classification",
    name: "Hard Hats",
    created: seconds(project.createdAt),
    updated: seconds(project.updatedAt),
    images: 5,
    unannotated: 1,
    annotation: "digits",
    versions: 1,
    public: false,
    splits: { train: 3, valid: 1, test: 1 },
    colors: { hat: expect.stringMatching(/^#[0-9a-f]{6}$/), head: expect.stringMatching(/^#[0-9a-f]{6}$/) },
    classes: { hat: 3, head: 1 },
  };
}

describe("GET /:workspace/:project", () => {
  it("answers project and versions, field by field, with epoch seconds and three-part ids", async () => {
    const { slug, key, project, version, path } = await buildScene();
    const { status, body } = await call("GET", path, { key });
    expect(status).toBe(200);
    expect(body).toEqual({
      workspace: { name: slug, url: slug, members: 2 },
      project: projectFields(slug, project),
      versions: [
        {
          id: `${slug}/${project.slug}/1`,
          name: "first",
          created: seconds(version.createdAt),
          images: 240,
          splits: { train: 240, valid: 0, test: 0 },
          preprocessing: { grayscale: true },
          augmentation: {},
          rebalanced: null,
          seed: 1,
          exports: ["yolov5pytorch", "coco", "jsonl", "png-mask-semantic"],
        },
      ],
    });
  });
  it("has `model` on a version whose default model serves, and no such key otherwise", async () => {
    const { world, slug, key, project, version, path } = await buildScene();
    await buildVersion(world, project);
    const model = await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }));
    await prisma().version.update({ where: { id: version.id }, data: { defaultModelId: model.id } });
    const { body } = await call("GET", path, { key });
    expect(body).toMatchObject({
      versions: [
        { id: `${slug}/${project.slug}/2` },
        { id: `${slug}/${project.slug}/1`, model: { id: `${project.slug}/1`, url: `${slug}/${model.slug}` } },
      ],
    });
    expect((body as { versions: object[] }).versions[0]).not.toHaveProperty("model");
  });
  it("names every project type as the client does", async () => {
    const world = await buildWorld();
    const key = await buildApiKey(world);
    for (const [type, name] of [
      ["OBJECT_DETECTION", "object-detection"],
      ["CLASSIFICATION", "classification"],
      ["INSTANCE_SEGMENTATION", "instance-segmentation"],
      ["SEMANTIC_SEGMENTATION", "semantic-segmentation"],
      ["KEYPOINT_DETECTION", "keypoint-detection"],
      ["TEXT_IMAGE_PAIRS", "text-image-pairs"],
    ] as const) {
      const project = await buildProject(world, { type });
      expect((await call("GET", `/${world.workspace.slug}/${project.slug}`, { key })).body).toMatchObject({
        project: { type: name, versions: 0 },
        versions: [],
      });
    }
  });
  it("shows versions that are being generated, and none that failed or are in Trash", async () => {
    const { world, slug, key, project, path } = await buildScene();
    await buildVersion(world, project, { status: "GENERATING" });
    await buildVersion(world, project, { status: "FAILED" });
    await buildVersion(world, project);
    await call("DELETE", `${path}/4`, { key });
    const { body } = await call("GET", path, { key });
    expect(body).toMatchObject({
      project: { versions: 2 },
      versions: [{ id: `${slug}/${project.slug}/2`, images: 0 }, { id: `${slug}/${project.slug}/1` }],
    });
    expect((body as { versions: object[] }).versions).toHaveLength(2);
  });
});

describe("GET /:workspace/:project/:version", () => {
  it("answers the version, field by field, and takes the client's nocache", async () => {
    const { slug, key, project, version, path } = await buildScene();
    const { status, body } = await call("GET", `${path}/1?nocache=true`, { key });
    expect(status).toBe(200);
    expect(body).toEqual({
      workspace: { name: slug, url: slug, members: 2 },
      project: projectFields(slug, project),
      version: {
        id: `${slug}/${project.slug}/1`,
        name: "first",
        created: seconds(version.createdAt),
        images: 240,
        splits: { train: 240, valid: 0, test: 0 },
        generating: false,
        progress: 1,
        preprocessing: { grayscale: true },
        augmentation: {},
        rebalanced: null,
        seed: 1,
        exports: ["folder", "multiclass", "yolov5pytorch", "coco", "jsonl", "png-mask-semantic"],
        models: {},
        classes: ["3", "7"],
      },
    });
  });
  it("says that it is still generating, with no images", async () => {
    const { world, key, project, path } = await buildScene();
    await buildVersion(world, project, { status: "GENERATING" });
    expect(await call("GET", `${path}/2`, { key })).toMatchObject({
      status: 200,
      body: { version: { generating: true, progress: 0, images: 0 } },
    });
  });
  it("is 404 with the reason for one that could not be generated, so that the client does not poll for ever", async () => {
    const { world, key, project, path } = await buildScene();
    const failed = await buildVersion(world, project, { status: "FAILED" });
    await prisma().version.update({
      where: { id: failed.id },
      data: { failureReason: "unreadable_image", failureDetail: "cat.png" },
    });
    expect(await call("GET", `${path}/2`, { key })).toMatchObject({
      status: 404,
      body: { code: "generation_failed", error: expect.stringContaining('the image "cat.png" cannot be read') },
    });
  });
  it("names the models that its trainings left", async () => {
    const { world, slug, key, version, path } = await buildScene();
    const model = await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }));
    expect((await call("GET", `${path}/1`, { key })).body).toMatchObject({
      version: { models: { [model.slug]: { url: `${slug}/${model.slug}` } } },
    });
  });
});

describe("GET …/v2/trainings", () => {
  it("lists the version's trainings with their ids, states and models", async () => {
    const { world, slug, key, version, path } = await buildScene();
    const queued = await buildTraining(world, version);
    const finished = await buildTraining(world, version, { status: "FINISHED" });
    const model = await buildModel(world, finished);
    const { status, body } = await call("GET", `${path}/1/v2/trainings`, { key });
    expect(status).toBe(200);
    expect(body).toEqual({
      trainings: [
        {
          trainingId: queued.id,
          number: 1,
          status: "queued",
          waitingFor: "a trainer of yours that makes digits",
          epoch: 0,
          epochs: 20,
          modelType: "digits",
          modelGroup: queued.id,
          start: seconds(queued.createdAt),
          modelIds: [],
        },
        {
          trainingId: finished.id,
          number: 2,
          status: "finished",
          epoch: 0,
          epochs: 20,
          modelType: "digits",
          modelGroup: finished.id,
          start: seconds(finished.createdAt),
          end: 1767225600,
          modelIds: [`${slug}/${model.slug}`],
        },
      ],
    });
  });
});

describe("server", () => {
  it("answers health without a key", async () => {
    expect(await call("GET", "/health")).toMatchObject({ status: 200, body: { status: "ok" } });
  });
});
