import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { purgeItem } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import {
  buildApiKey,
  buildMember,
  buildProject,
  buildWorld,
  fingerprintTables,
  userContext,
  type World,
} from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { readRealImage } from "@/lib/testing/real-life/images";
import { call } from "./_test/call-api";

let world: World;
let key: string;
let picture: Buffer;
beforeAll(async () => {
  picture = await photo(100, 80);
});
beforeEach(async () => {
  world = await buildWorld();
  key = await buildApiKey(world);
});

const BOUNDARY = "4f2d1c0b9a8e7d6c5b4a39281706f5e4";

/** What `project.upload("cat.jpg", split=…)` sends: the query and the form of requests-toolbelt's MultipartEncoder. */
function upload(
  project: string,
  {
    bytes = picture,
    split = "train",
    query = "",
    key: by = key,
  }: { bytes?: Buffer; split?: string; query?: string; key?: string } = {},
) {
  const part = (head: string, body: Buffer | string) =>
    Buffer.concat([
      Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
      Buffer.from(body),
      Buffer.from("\r\n"),
    ]);
  const raw = Buffer.concat([
    part('name="name"', "cat.jpg"),
    part('name="split"', split),
    part('name="file"; filename="cat.jpg"\r\nContent-Type: image/jpeg', bytes),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ]);
  const headers = { "content-type": `multipart/form-data; boundary=${BOUNDARY}`, "content-length": String(raw.length) };
  return call("POST", `/dataset/${project}/upload?batch=Pip+Package+Upload&tag=a&tag=b${query}`, {
    key: by,
    raw,
    headers,
  });
}

const idOf = ({ body }: { body: unknown }): string => (body as { id: string }).id;

/** What `project.save_annotation(…)` sends. */
const annotate = (
  project: string,
  image: string,
  annotationFile: unknown,
  { name = "cat.txt", labelmap = null as unknown, query = "", key: by = key } = {},
) =>
  call(
    "POST",
    `/dataset/${project}/annotate/${image}?name=${encodeURIComponent(name)}&jobName=Annotated+via+API${query}`,
    { key: by, json: { annotationFile, labelmap } },
  );

describe("POST /:workspace/projects", () => {
  const create = (body: unknown) => call("POST", `/${world.workspace.slug}/projects`, { key, json: body });

  it("answers the new project, flat and with every field that the client reads, and it is there", async () => {
    const { status, body } = await create({
      name: "Hard Hats",
      type: "object-detection",
      license: "MIT",
      annotation: "hats",
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      id: `${world.workspace.slug}/hard-hats`,
      type: "object-detection",
      name: "Hard Hats",
      created: expect.any(Number),
      updated: expect.any(Number),
      images: 0,
      unannotated: 0,
      annotation: "hats",
      versions: 0,
      public: false,
      splits: { train: 0, valid: 0, test: 0 },
      colors: {},
      classes: {},
    });
    const read = await call("GET", `/${world.workspace.slug}/hard-hats`, { key });
    expect((read.body as { project: unknown }).project).toEqual(body);
  });

  it("is 409 with the next free slug while the name's is had by a project, live, in Trash or purged, and makes nothing", async () => {
    const named = (name: string) =>
      create({ name, type: "single-label-classification", license: "x", annotation: "digit" });
    const owner = await userContext(world);
    const refused = async (sentence: RegExp) => {
      const before = await fingerprintTables();
      expect(await named("Digits")).toMatchObject({
        status: 409,
        body: {
          code: "already_exists",
          slug: "digits",
          hint: "digits-2",
          error: expect.stringMatching(sentence),
        },
      });
      expect(await fingerprintTables()).toEqual(before);
    };
    expect(idOf(await named("Digits"))).toMatch(/\/digits$/);
    await refused(/a project at "digits" already.*"digits-2" is free/);
    await call("DELETE", `/${world.workspace.slug}/digits`, { key });
    await refused(/at "digits" is in Trash/);
    const { id } = await prisma().project.findFirstOrThrow({
      where: { workspaceId: world.workspace.id, slug: "digits" },
    });
    await purgeItem(owner, { workspaceSlug: world.workspace.slug, type: "PROJECT", id }, AbortSignal.timeout(10_000));
    await refused(/at "digits" was permanently deleted/);
    expect(await call("GET", `/${world.workspace.slug}/digits`, { key })).toMatchObject({
      status: 404,
      body: { code: "purged", receiptId: expect.any(String) },
    });
    expect(idOf(await named("Digits 2"))).toMatch(/\/digits-2$/);
  });

  it("makes one project of many that are sent at once", async () => {
    const both = await Promise.all([1, 2, 3].map(() => create({ name: "Digits", type: "classification" })));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  });

  it("takes both of the client's words for a classification project", async () => {
    for (const type of ["classification", "single-label-classification"])
      expect((await create({ name: type, type })).body).toMatchObject({ type: "classification", annotation: "" });
  });

  it.each([
    [{ name: "X", type: "multi-label-classification" }, /not supported/],
    [{ name: "X", type: "instance-segmentation" }, /not supported/],
    [{ type: "classification" }, /"name" is missing/],
    [{ name: "x".repeat(201), type: "classification" }, /"name" has at most/],
    [{ name: 7, type: "classification" }, /"name" must be a string/],
    [[], /JSON object/],
  ])("%j is 400 with a sentence and makes nothing", async (body, sentence) => {
    const before = await fingerprintTables();
    expect(await create(body)).toMatchObject({
      status: 400,
      body: { code: "invalid_request", error: expect.stringMatching(sentence) },
    });
    expect(await fingerprintTables()).toEqual(before);
  });

  it("is 422 for a name that is none", async () => {
    for (const name of ["  ", "a\nb"])
      expect(await create({ name, type: "classification" })).toMatchObject({
        status: 422,
        body: { code: "invalid_input" },
      });
  });
});

describe("POST /dataset/:project/upload", () => {
  it("answers success and the id; the same file again is a duplicate with the same id", async () => {
    const project = await buildProject(world);
    const first = await upload(project.slug, { split: "valid" });
    expect(first).toMatchObject({ status: 200, body: { success: true, id: expect.any(String) } });
    expect(await upload(project.slug)).toMatchObject({ status: 200, body: { duplicate: true, id: idOf(first) } });
    expect(await prisma().image.findUniqueOrThrow({ where: { id: idOf(first) } })).toMatchObject({
      projectId: project.id,
      fileName: "cat.jpg",
      split: "VALID",
    });
  });

  it("fetches nothing from a host that is not listed", async () => {
    const project = await buildProject(world);
    const hosted = await call(
      "POST",
      `/dataset/${project.slug}/upload?name=a.jpg&split=train&image=${encodeURIComponent("http://169.254.169.254/latest/meta-data")}&batch=x`,
      { key },
    );
    expect(hosted).toMatchObject({
      status: 400,
      body: { code: "invalid_request", message: expect.stringContaining("lists") },
    });
    expect(await upload(project.slug, { query: "&image=x" })).toMatchObject({ status: 400 });
  });

  it("is 422 with a sentence for a file that is no image, and 413 for one that is too large", async () => {
    const project = await buildProject(world);
    expect(await upload(project.slug, { bytes: Buffer.from("%PDF-1.7") })).toMatchObject({
      status: 422,
      body: { code: "unreadable_image", message: expect.stringContaining("PDF") },
    });
    expect(await upload(project.slug, { bytes: Buffer.alloc(23 * 1024 ** 2) })).toMatchObject({
      status: 413,
      body: { code: "payload_too_large", message: expect.stringContaining("20 MB") },
    });
  });

  it("refuses what comes before the image in the same form: the key, the path, the form, the split", async () => {
    const project = await buildProject(world);
    const path = `/dataset/${project.slug}/upload`;
    for (const [status, code, answer] of [
      [401, "unauthorized", await call("POST", path)],
      [401, "unauthorized", await upload(project.slug, { key: "rp_nobody" })],
      [404, "not_found", await upload("UD-Yolo")],
      [415, "unsupported_media_type", await call("POST", path, { key, json: {} })],
      [400, "invalid_request", await upload(project.slug, { split: "holdout" })],
    ] as const)
      expect(answer).toMatchObject({ status, body: { code, error: { code, message: expect.any(String) } } });
  });

  it("is 404 for another workspace's project, one in Trash and none; 401 without the scope or for a viewer", async () => {
    const theirs = await buildProject(await buildWorld());
    const trashed = await buildProject(world);
    await call("DELETE", `/${world.workspace.slug}/${trashed.slug}`, { key });
    const before = await fingerprintTables();
    expect(await upload(theirs.slug)).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await upload("nothing")).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await upload(trashed.slug)).toMatchObject({ status: 404, body: { code: "in_trash" } });
    const project = await buildProject(world);
    const reader = await buildApiKey(world, { scopes: ["project:read"] });
    const viewers = await buildApiKey(world, { userId: (await buildMember(world, "VIEWER")).id });
    const half = await fingerprintTables();
    expect(await upload(project.slug, { key: reader })).toMatchObject({
      status: 401,
      body: { code: "missing_scope", scope: "image:upload" },
    });
    expect(await upload(project.slug, { key: viewers })).toMatchObject({
      status: 401,
      body: { code: "missing_scope" },
    });
    expect(await fingerprintTables()).toEqual(half);
    expect(before["images"]).toEqual(half["images"]);
  });
});

it("an upload says what is to be known of how the image was taken, and val is valid", async () => {
  const project = await buildProject(world);
  const { status, body } = await upload(project.slug, { bytes: readRealImage("animation.gif"), split: "val" });
  expect([status, body]).toEqual([
    200,
    {
      success: true,
      id: expect.any(String),
      notes: [{ code: "first_frame", message: "The first of its 2 frames or pages was taken." }],
    },
  ]);
  expect(await prisma().image.findUniqueOrThrow({ where: { id: idOf({ body }) } })).toMatchObject({
    split: "VALID",
    contentType: "image/gif",
  });
});

describe("POST /dataset/:project/annotate/:image", () => {
  const detection = async () => {
    const project = await buildProject(world, { type: "OBJECT_DETECTION" });
    return { project: project.slug, image: idOf(await upload(project.slug)) };
  };
  const boxesOf = async (id: string) => (await prisma().image.findUniqueOrThrow({ where: { id } })).boxes;
  const hat = { label: "hat", x: 40, y: 20, width: 20, height: 40 };

  it.each([
    ["YOLO with a labelmap", "cat.txt", "1 0.5 0.5 0.2 0.5\n", { "0": "head", "1": "hat" }],
    ["YOLO with a list of names", "cat.txt", "1 0.5 0.5 0.2 0.5\n", ["head", "hat"]],
    [
      "Pascal VOC",
      "cat.xml",
      "<annotation><size><width>100</width><height>80</height></size><object><name>hat</name><bndbox><xmin>41</xmin><ymin>21</ymin><xmax>60</xmax><ymax>60</ymax></bndbox></object></annotation>",
      null,
    ],
    [
      "COCO",
      "annotation.coco.json",
      JSON.stringify({
        images: [{ id: 0, file_name: "other.jpg", width: 100, height: 80 }],
        annotations: [{ id: 1, image_id: 0, category_id: 3, bbox: [40, 20, 20, 40] }],
        categories: [{ id: 3, name: "hat" }],
      }),
      null,
    ],
  ])("takes %s", async (_what, name, text, labelmap) => {
    const { project, image } = await detection();
    expect(await annotate(project, image, text, { name, labelmap })).toMatchObject({
      status: 200,
      body: { success: true },
    });
    expect(await boxesOf(image)).toEqual([hat]);
  });

  it("is 409 with the words that the client looks for when the image has boxes, unless they are to be replaced", async () => {
    const { project, image } = await detection();
    const labelmap = { "0": "hat", "1": "head" };
    await annotate(project, image, "0 0.5 0.5 0.2 0.5", { labelmap });
    expect(await annotate(project, image, "1 0.5 0.5 0.2 0.5", { labelmap })).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining("already annotated") },
    });
    expect(await boxesOf(image)).toEqual([hat]);
    expect(await annotate(project, image, "1 0.5 0.5 0.2 0.5", { labelmap, query: "&overwrite=true" })).toMatchObject({
      status: 200,
    });
    expect(await boxesOf(image)).toEqual([{ ...hat, label: "head" }]);
  });

  it("keeps what of a file it can, and says what it could not as an error, which the client tells", async () => {
    const { project, image } = await detection();
    const text = "0 0.5 0.5 0.2 0.5\n7 0.5 0.5 0.2 0.5\n0 2 2 1 1\n0 0.2 0.2 0 0.1\n0 0.5 0.5 0.4 0.5";
    const { status, body } = await annotate(project, image, text, { labelmap: ["hat"] });
    expect([status, body]).toEqual([
      200,
      {
        success: false,
        error:
          '2 of 5 boxes were saved. 1 box has a class that neither the file nor its list of classes names (class "7", line 2). 1 box cannot be read (line 3). 1 box lies outside the image or has no area. To send all again, mend the file and set overwrite=true.',
        saved: 2,
        lost: 3,
        problems: [
          { code: "unknown_class", count: 1, message: expect.any(String) },
          { code: "bad_box", count: 1, message: expect.any(String) },
          { code: "empty_box", count: 1, message: expect.any(String) },
        ],
      },
    ]);
    expect(await boxesOf(image)).toHaveLength(2);
  });

  it("takes what is more than a box as one, and says so", async () => {
    const { project, image } = await detection();
    const text = "0 0.5 0.2 0.8 0.5 0.5 0.8\n0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2";
    expect((await annotate(project, image, text, { labelmap: ["hat"] })).body).toEqual({
      success: true,
      problems: [{ code: "polygon_reduced", count: 1, message: "1 polygon or mask is kept as the box around it." }],
    });
    expect(await boxesOf(image)).toHaveLength(2);
  });

  it.each([
    ["what it cannot read", "a.json", "{broken", /cannot be read/],
    ["another tool's own format", "a.json", '{"shapes":[],"imagePath":"a.jpg"}', /labelme2coco/],
    ["CSV", "a.csv", "a,b", /are not read\. Export COCO/],
    ["text of no format", "a.md", "hello", /neither COCO/],
    ["a file of which nothing can be taken", "a.txt", "9 0.5 0.5 0.2 0.5", /a class/],
    ["too many boxes", "a.txt", "0 0.5 0.5 0.2 0.5\n".repeat(1001), /1001 boxes.*at most 1000/],
  ])("is 400 with a sentence for %s, and changes nothing", async (_what, name, text, sentence) => {
    const { project, image } = await detection();
    expect(await annotate(project, image, text, { name, labelmap: ["hat"] })).toMatchObject({
      status: 400,
      body: { code: "invalid_request", error: expect.stringMatching(sentence) },
    });
    expect(await boxesOf(image)).toEqual([]);
  });

  it("is 400 for a body or a query that is no annotation, and for predictions", async () => {
    const { project, image } = await detection();
    expect(await annotate(project, image, undefined)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('"annotationFile" is missing') },
    });
    expect(await annotate(project, image, "0 0 0 1 1", { labelmap: "hat" })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('"labelmap"') },
    });
    expect(await annotate(project, image, "0 0.5 0.5 1 1", { query: "&prediction=true" })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("Predictions") },
    });
    expect(await annotate(project, image, "0 0.5 0.5 1 1", { query: "&overwrite=yes" })).toMatchObject({ status: 422 });
    expect(await boxesOf(image)).toEqual([]);
  });

  it("gives an image of a classification project its class", async () => {
    const project = await buildProject(world);
    const image = idOf(await upload(project.slug));
    const labelOf = async () => (await prisma().image.findUniqueOrThrow({ where: { id: image } })).label;
    expect(await annotate(project.slug, image, "tabby cat", { name: "tabby cat" })).toMatchObject({
      status: 200,
      body: { success: true },
    });
    expect(await annotate(project.slug, image, "dog")).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining("already annotated") },
    });
    expect(await labelOf()).toBe("tabby cat");
    expect(await annotate(project.slug, image, "dog", { query: "&overwrite=true" })).toMatchObject({ status: 200 });
    for (const none of ["", '["dog", "cat"]'])
      expect(await annotate(project.slug, image, none, { query: "&overwrite=true" })).toMatchObject({
        status: 400,
        body: { code: "invalid_request", error: expect.stringContaining("no list") },
      });
    expect(await labelOf()).toBe("dog");
  });

  it("is 404 for an image of another project or workspace, and for none", async () => {
    const [mine, other] = [await detection(), await detection()];
    const strangers = await buildApiKey(await buildWorld());
    const before = await fingerprintTables();
    for (const image of [other.image, "nothing", "%00", "..%2F..", "é"])
      expect(await annotate(mine.project, image, "0 0.5 0.5 1 1")).toMatchObject({
        status: 404,
        body: { code: "not_found" },
      });
    expect(await annotate(mine.project, mine.image, "0 0.5 0.5 1 1", { key: strangers })).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
    expect(await fingerprintTables()).toEqual(before);
  });
});
