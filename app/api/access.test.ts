import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { PERMISSIONS, SCOPES } from "@/lib/domain/permissions";
import { EMPTY_ANSWER, type AnyOperation } from "@/lib/doors/operation";
import { allOperations } from "@/lib/doors/operations";
import { weightsPath } from "@/lib/domain/trainings";
import { purgeItem, trashVersion } from "@/lib/domain/trash";
import { versionPrefix } from "@/lib/domain/grants";
import { writeModelCalls } from "@/lib/work/inference/calls";
import { batchId } from "@/lib/domain/images";
import { prisma } from "@/lib/platform/db";
import {
  buildApiKey,
  buildMember,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  countRows,
  fingerprintTables,
  userContext,
} from "@/lib/testing/builders";
import { itemRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { zipStream } from "@/lib/engine/zip";
import { photo } from "@/lib/testing/pixels";
import { storeModel } from "@/lib/testing/served-model";
import { call, listRouteFiles, METHODS } from "./_test/call-api";
import { storeFile } from "@/lib/testing/store-file";
import { newId } from "@/lib/platform/id";

/** One of everything, live and in Trash, so that each operation would have something to do. */
async function buildScene() {
  const world = await buildWorld();
  const key = await buildApiKey(world);
  const project = await buildProject(world);
  const version = await buildVersion(world, project);
  await buildVersion(world, project);
  await buildTraining(world, version);
  const training = await buildTraining(world, version, { status: "FINISHED" });
  const model = await storeModel(world, version);
  const slug = world.workspace.slug;
  await call("DELETE", `/${slug}/${project.slug}/2`, { key });
  const image = await prisma().image.create({
    data: {
      projectId: project.id,
      fileName: "a.png",
      sha256: "0",
      contentType: "image/png",
      sizeBytes: 1,
      width: 8,
      height: 8,
      split: "TRAIN",
      batch: "June",
    },
  });
  const task = await prisma().task.create({
    data: {
      workspaceId: world.workspace.id,
      projectId: project.id,
      kind: "ZIP_UPLOAD",
      status: "WAITING",
      userId: world.owner.id,
      createdAt: new Date(),
    },
  });
  const imported = await prisma().task.create({
    data: {
      workspaceId: world.workspace.id,
      projectId: project.id,
      kind: "VERSION_IMPORT",
      status: "WAITING",
      input: { fileName: "a.zip", number: null, name: null, createdAt: null },
      userId: world.owner.id,
      createdAt: new Date(),
    },
  });
  await prisma().export.create({
    data: {
      versionId: version.id,
      format: "FOLDER",
      status: "READY",
      createdById: world.owner.id,
      endedAt: new Date(),
    },
  });
  const leased = await buildVersion(world, project);
  const job = await buildTraining(world, leased, { status: "RUNNING" });
  const weightsId = newId();
  await storeFile(
    `${versionPrefix(leased.id)}${weightsPath({ trainingId: job.id, id: job.leaseId!, weightsId })}`,
    Buffer.from("weights"),
  );
  await prisma().training.update({ where: { id: job.id }, data: { weightsId, weightsBytes: 7 } });
  const purged = await buildVersion(world, project);
  await trashVersion(await userContext(world), versionRef(world, project, purged));
  await purgeItem(await userContext(world), itemRef(world, "VERSION", purged), UNBOUNDED);
  const receipt = await prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: purged.id } });
  const params = {
    workspace: slug,
    project: project.slug,
    version: "1",
    training: training.id,
    image: image.id,
    format: "folder",
    owner: slug,
    model: model.slug,
    job: job.id,
    receipt: receipt.id,
    batch: batchId("June"),
    task: task.id,
    import: imported.id,
    export: "",
  };
  const { link } = (await call("POST", `/${slug}/search/export`, { key, json: { query: "*", format: "folder" } }))
    .body as { link: string };
  params.export = link;
  return {
    world,
    key,
    slug,
    project,
    params,
    leaseId: job.leaseId!,
    restoreBody: { type: "version", id: "2", parentId: project.id },
  };
}

type Scene = Awaited<ReturnType<typeof buildScene>>;

let refused: ReturnType<typeof buildScene> | undefined;
/** One scene for all that is refused: nothing ever changes it. */
const sceneOfRefusals = () => (refused ??= buildScene());

const fill = (path: string, params: Record<string, string>): string =>
  path.replace(/\{(?:\.\.\.)?(\w+)\}/g, (_, name: string) => params[name] ?? "nothing/at/all/is/here/ever");

const uploadForm = new FormData();
uploadForm.set("file", new Blob([new Uint8Array(await photo(8, 8))]), "b.jpg");

/** Without an ONNX file in it: kept as it is. */
const emptyZip = new Uint8Array(
  await buffer(zipStream([{ path: "weights.pt", open: async () => "weights" }])),
); // prettier-ignore

/** What the operations that read a body are sent. */
function bodyFor({ id }: AnyOperation, scene: Scene): { json?: unknown; raw?: BodyInit } {
  switch (id) {
    case "restoreItem":
      return { json: scene.restoreBody };
    case "createProject":
      return { json: { name: "Hard Hats", type: "object-detection", license: "MIT", annotation: "hats" } };
    case "generateVersion":
      return { json: { preprocessing: {}, augmentation: {} } };
    case "uploadImage":
    case "predict":
      return { raw: uploadForm };
    case "reportEpochs":
    case "finishTraining":
      return { json: { leaseId: scene.leaseId } };
    case "failTraining":
      return { json: { leaseId: scene.leaseId, reason: "Out of memory." } };
    case "storeWeights":
      return { raw: "weights" };
    case "uploadModel":
      return { raw: emptyZip };
    case "importVersion":
      return { raw: "a zip" };
    case "trashImages":
    case "trashImagesOfWorkspace":
      return { json: { images: [scene.params.image] } };
    case "searchWorkspace":
      return { json: { query: "tag:review", pageSize: 50 } };
    case "exportSearch":
      return { json: { query: "*", format: "folder" } };
    case "describeImage":
      return { json: { addTags: ["review"] } };
    case "describeImages":
      return { json: { updates: [{ imageId: scene.params.image, addTags: ["review"] }] } };
    case "annotateImage":
      return { json: { annotationFile: "cat", labelmap: null } };
    default:
      return {};
  }
}

/** What is named in the query. */
function queryFor({ id }: AnyOperation, scene: Scene): string {
  if (id === "beginModelUpload") return "?modelType=yolov8n";
  if (id === "storeWeights") return `?leaseId=${scene.leaseId}`;
  return id === "getTraining" ? `?trainingId=${scene.params.training}` : "";
}

/** Calls an operation as one would who means it. */
function perform(
  operation: AnyOperation,
  scene: Scene,
  options: { key?: string | undefined; params?: Record<string, string>; headers?: Record<string, string> },
) {
  return call(
    operation.method,
    `${fill(operation.path, { ...scene.params, ...options.params })}${queryFor(operation, scene)}`,
    { ...bodyFor(operation, scene), key: options.key, ...(options.headers ? { headers: options.headers } : {}) },
  );
}

const byKey = allOperations.flatMap((operation) =>
  operation.caller.by === "key" ? [{ operation, permissions: operation.caller.permissions }] : [],
);
const inWorkspace = byKey.filter(({ operation }) => operation.path.startsWith("/{workspace}"));

describe.each(byKey)("$operation.id", ({ operation, permissions }) => {
  it("works with a key of the scopes it names, and with each of them alone", async () => {
    for (const permission of permissions) {
      const scene = await buildScene();
      const { scope } = PERMISSIONS[permission];
      if (operation.id === "restoreItem" && scope === "project:update") {
        await call("DELETE", `/${scene.slug}/${scene.project.slug}`, { key: scene.key });
        Object.assign(scene.restoreBody, { type: "project", id: scene.project.id });
      }
      if (operation.id === "restoreItem" && scope === "image:delete") {
        const images = [scene.params.image];
        await call("DELETE", `/${scene.slug}/${scene.project.slug}/images`, { key: scene.key, json: { images } });
        const removal = await prisma().imageRemoval.findFirstOrThrow({ where: { projectId: scene.project.id } });
        Object.assign(scene.restoreBody, { type: "images", id: removal.id });
      }
      if (!scope) throw new Error(`${operation.id} names a permission that no key can have`);
      const { status } = await perform(operation, scene, { key: await buildApiKey(scene.world, { scopes: [scope] }) });
      const done = operation.answer === EMPTY_ANSWER ? 204 : 200;
      expect([done, operation.accepted ? 202 : done]).toContain(status);
    }
    await writeModelCalls(); // not in the middle of another test
    if (permissions.length === 0)
      expect(
        await perform(operation, await buildScene(), { key: await buildApiKey(await buildWorld(), { scopes: [] }) }),
      ).toMatchObject({ status: 200 });
  });

  it("is 401 and writes nothing without a key, or with one that is wrong, revoked or whose owner has left", async () => {
    const scene = await sceneOfRefusals();
    const leaver = await buildMember(scene.world, "OWNER");
    const orphaned = await buildApiKey(scene.world, { userId: leaver.id });
    await prisma().membership.delete({
      where: { workspaceId_userId: { workspaceId: scene.world.workspace.id, userId: leaver.id } },
    });
    const revoked = await buildApiKey(scene.world, { revokedAt: new Date() });
    const before = await fingerprintTables();
    for (const key of [
      undefined,
      "",
      "rp_wrong",
      revoked,
      orphaned,
      scene.key.toUpperCase(),
      `${scene.key} `,
      scene.key.slice(0, -1),
    ]) {
      expect(await perform(operation, scene, { key })).toMatchObject({ status: 401, body: { code: "unauthorized" } });
    }
    // neither a cookie nor the scheduler's secret is a key
    expect(
      await perform(operation, scene, {
        headers: {
          cookie: `api_key=${scene.key}; session=${scene.key}`,
          authorization: "Bearer cron-secret-of-the-tests",
        },
      }),
    ).toMatchObject({ status: 401 });
    expect(await fingerprintTables()).toEqual(before);
  });
});

describe.each(inWorkspace)("$operation.id, in a workspace", ({ operation, permissions }) => {
  const scopes: readonly (string | null)[] = permissions.map((permission) => PERMISSIONS[permission].scope);

  it("is 401 and writes nothing for a key that lacks the scope", async () => {
    const scene = await sceneOfRefusals();
    const key = await buildApiKey(scene.world, { scopes: SCOPES.filter((scope) => !scopes.includes(scope)) });
    const before = await fingerprintTables();
    expect(await perform(operation, scene, { key })).toMatchObject({
      status: 401,
      body: { code: "missing_scope", scope: scopes[0] },
    });
    expect(await fingerprintTables()).toEqual(before);
  });

  it("is 401 and writes nothing for a key of all scopes whose owner is a viewer, if it writes", async () => {
    const scene = await sceneOfRefusals();
    const viewer = await buildMember(scene.world, "VIEWER");
    const key = await buildApiKey(scene.world, { userId: viewer.id });
    const before = await fingerprintTables();
    const reads = permissions.some((permission) => PERMISSIONS[permission].roles.includes("VIEWER"));
    const answer = await perform(operation, scene, { key });
    if (reads) expect([200, operation.accepted ? 202 : 200]).toContain(answer.status);
    else expect(answer).toMatchObject({ status: 401, body: { code: "missing_scope" } });
    expect(await fingerprintTables()).toEqual(before);
  });

  it("tells another workspace's key exactly what it tells of a workspace that does not exist, and writes nothing", async () => {
    const scene = await sceneOfRefusals();
    const stranger = await buildWorld();
    for (const key of [await buildApiKey(stranger), await buildApiKey(stranger, { scopes: [] })]) {
      const before = await fingerprintTables();
      const foreign = await perform(operation, scene, { key });
      const absent = await perform(operation, scene, { key, params: { workspace: "no-such-workspace" } });
      expect(foreign).toMatchObject({ status: 404, body: { code: "not_found" } });
      expect(withoutId(foreign.body)).toEqual(withoutId(absent.body));
      // also when the rest of the request is nonsense
      const nonsense = await call(
        operation.method,
        `${fill(operation.path, { ...scene.params, project: "%00", version: "x" })}?limit=x`,
        { key, ...(operation.method === "POST" ? { raw: "{" } : {}) },
      );
      expect(withoutId(nonsense.body)).toEqual(withoutId(foreign.body));
      expect(await fingerprintTables()).toEqual(before);
    }
  });

  it("is 404, and never 500, for slugs and numbers that cannot be", async () => {
    const scene = await sceneOfRefusals();
    const before = await fingerprintTables();
    const odd = [
      "%00",
      "a%00b",
      "a%2Fb",
      "%2F",
      "%5C",
      "%20",
      "..%2F..",
      "%2e%2e%2f",
      "DIGITS",
      "-a",
      "a-",
      "_a",
      "2024",
      "a".repeat(64),
      "a".repeat(4096),
      "%27%20or%201%3D1",
      "%F0%9F%92%A9",
      "é",
    ];
    const oddNumbers = [
      "03",
      "0",
      "-1",
      "1e3",
      "1.0",
      "+1",
      "%201",
      "1%00",
      "0x1",
      "2147483648",
      "9999999999",
      "9".repeat(4096),
      "%D9%A3",
      "3abc",
      "latest",
    ];
    const params = [
      ...odd.flatMap((slug) => [{ workspace: slug }, { project: slug }]),
      ...oddNumbers.map((version) => ({ version })),
      { training: "%00" },
      { job: "%00" },
      { receipt: "%00" },
      { batch: "%00" },
      { task: "%00" },
      { export: "%00" },
      { image: "%00" },
      ...["FOLDER", "folder%00", "v2", "yolov99", "..%2F"].map((format) => ({ format })),
    ];
    for (const one of params) {
      const [name] = Object.keys(one);
      if (!operation.path.includes(`{${name}}`)) continue;
      expect(await perform(operation, scene, { key: scene.key, params: one }), JSON.stringify(one)).toMatchObject({
        status: 404,
        body: { code: "not_found" },
      });
    }
    expect(await fingerprintTables()).toEqual(before);
  });
});

const withoutId = (body: unknown): unknown => ({ ...(body as object), requestId: "" });

describe("purging", () => {
  it("can be done by no method of any path with a key of every scope: the rows of no table ever fall", async () => {
    const scene = await buildScene();
    // due since long ago: whoever could purge, would
    await prisma().version.updateMany({
      where: { deletedAt: { not: null } },
      data: { deletedAt: new Date("2026-01-01T00:00:00Z"), purgeAfter: new Date("2026-01-31T00:00:00Z") },
    });
    const before = await countRows();
    const bodies = [undefined, scene.restoreBody, { ...scene.restoreBody, purge: true, force: true, permanent: true }];
    for (const route of listRouteFiles())
      for (const method of METHODS) {
        const bodyless = method === "GET" || method === "HEAD";
        for (const json of bodyless ? [undefined] : bodies)
          await call(method, `${fill(route.path, scene.params)}?permanent=true&purge=true&force=true`, {
            key: scene.key,
            headers: { authorization: `Bearer ${scene.key}` },
            ...(json === undefined ? {} : { json }),
          });
        const after = await countRows();
        for (const [table, rows] of Object.entries(before))
          expect(after[table], `${method} ${route.path} ${table}`).toBeGreaterThanOrEqual(rows);
        expect(after["purge_receipts"]).toBe(before["purge_receipts"]);
      }
    for (const { operation, permissions } of byKey) expect(permissions, operation.id).not.toContain("purge");
  });
});

describe("a mixed path", () => {
  it("is 404: another project's training under one's own path, and another workspace's project under one's own workspace", async () => {
    const [mine, theirs] = [await buildScene(), await buildScene()];
    const before = await fingerprintTables();
    expect(
      await call("DELETE", `/${mine.slug}/${mine.project.slug}/1/v2/trainings/${theirs.params.training}`, {
        key: mine.key,
      }),
    ).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await call("GET", `/${mine.slug}/${theirs.project.slug}`, { key: mine.key })).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
    for (const body of [
      theirs.restoreBody,
      { type: "project", id: theirs.project.id },
      { type: "training", id: theirs.params.training },
    ]) {
      expect(await call("POST", `/${mine.slug}/trash/restore`, { key: mine.key, json: body })).toMatchObject({
        status: 404,
        body: { code: "not_found" },
      });
    }
    expect(await fingerprintTables()).toEqual(before);
  });
});
