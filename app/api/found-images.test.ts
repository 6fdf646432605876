import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import sharp from "sharp";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { updateImages } from "@/lib/domain/images";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { readRealImage } from "@/lib/testing/real-life/images";
import { call, dispatch } from "./_test/call-api";

/*
 * What the official client sends and reads about tags, batches, metadata, searches and single images
 * (roboflow/adapters/rfapi.py, core/project.py, core/workspace.py).
 */

let world: World;
let key: string;
let slug: string;
let project: { id: string; slug: string };
/** By file name. */
const ids: Record<string, string> = {};

interface Sent {
  name: string;
  shade: number;
  query?: string;
  metadata?: string;
  to?: string;
}

/** `project.upload(…, batch_name, tag_names, sequence_number, sequence_size, metadata)`. */
async function upload({ name, shade, query = "", metadata, to = project.slug }: Sent) {
  const form = new FormData();
  form.set("name", name);
  form.set("split", "train");
  form.set("file", new Blob([new Uint8Array(await photo(40 + shade, 30))], { type: "image/jpeg" }), name);
  if (metadata !== undefined) form.set("metadata", metadata);
  return call("POST", `/dataset/${to}/upload?${query}`, { key, raw: form });
}

const added = async (sent: Sent) => (ids[sent.name] = ((await upload(sent)).body as { id: string }).id);

const post = (path: string, json: unknown, by = key) => call("POST", `/${slug}${path}`, { key: by, json });
const get = (path: string) => call("GET", `/${slug}${path}`, { key });

beforeAll(async () => {
  world = await buildWorld();
  slug = world.workspace.slug;
  key = await buildApiKey(world);
  project = await buildProject(world, { slug: "animals" });
  const other = await buildProject(world, { slug: "signs", type: "OBJECT_DETECTION" });
  await added({
    name: "cat.jpg",
    shade: 0,
    query: "batch=Pip+Package+Upload&tag=review&tag=night&tag=review&sequence_number=3&sequence_size=9",
    metadata: JSON.stringify({ camera_id: "cam001", score: 0.5, outside: true }),
  });
  await added({ name: "dog.jpg", shade: 1, query: `batch=${encodeURIComponent("6月の画像")}&tag=night` });
  await added({ name: "hen.jpg", shade: 2 });
  await added({ name: "sign.jpg", shade: 3, query: "tag=review", to: other.slug });
  await updateImages(
    await userContext(world),
    { workspaceSlug: slug, projectSlug: project.slug },
    { images: { imageIds: [ids["cat.jpg"]!] }, label: "cat", split: "VALID" },
  );
  await prisma().image.update({
    where: { id: ids["sign.jpg"]! },
    data: { boxes: [{ label: "stop", x: 1, y: 2, width: 10, height: 20 }] },
  });
});

describe("an upload", () => {
  it("keeps tags, batch, place in a recording and metadata", async () => {
    expect(await prisma().image.findUniqueOrThrow({ where: { id: ids["cat.jpg"]! } })).toMatchObject({
      tags: ["night", "review"],
      batch: "Pip Package Upload",
      sequenceNumber: 3,
      sequenceSize: 9,
      metadata: { camera_id: "cam001", score: 0.5, outside: true },
    });
    expect(await prisma().image.findUniqueOrThrow({ where: { id: ids["hen.jpg"]! } })).toMatchObject({
      tags: [],
      batch: null,
      sequenceNumber: null,
      metadata: {},
    });
  });

  it("is refused with a sentence for what cannot be kept, and nothing is added", async () => {
    for (const [sent, status, sentence] of [
      [{ query: `tag=${"x".repeat(201)}` }, 422, /tag has/],
      [{ query: "sequence_number=first&sequence_size=2" }, 422, /whole number/],
      [{ metadata: "{camera" }, 400, /not valid JSON/],
      [{ metadata: '{"a":{"b":1}}' }, 422, /number, true or false/],
    ] as const) {
      const answer = await upload({ name: "bad.jpg", shade: 9, ...sent });
      expect(answer, JSON.stringify(sent)).toMatchObject({ status });
      expect(JSON.stringify(answer.body)).toMatch(sentence);
    }
    expect(await prisma().image.count({ where: { fileName: "bad.jpg" } })).toBe(0);
  });
});

describe("project.search", () => {
  const search = async (json: object) => {
    const { status, body } = await post(`/${project.slug}/search`, json);
    expect(status).toBe(200);
    return (body as { results: { id: string; name: string }[] }).results;
  };

  it("answers the fields that are asked for, oldest first", async () => {
    expect(
      await search({
        offset: 0,
        limit: 100,
        batch: false,
        fields: ["id", "name", "labels", "split", "tags", "annotations", "owner", "user_metadata"],
      }),
    ).toEqual([
      {
        id: ids["cat.jpg"],
        name: "cat.jpg",
        labels: ["cat"],
        split: "valid",
        tags: ["night", "review"],
        annotations: { count: 1, classes: { cat: 1 } },
        owner: slug,
        user_metadata: { camera_id: "cam001", score: 0.5, outside: true },
      },
      expect.objectContaining({ name: "dog.jpg", labels: [], annotations: { count: 0, classes: {} } }),
      expect.objectContaining({ name: "hen.jpg", tags: [], user_metadata: {} }),
    ]);
    expect(await search({ fields: ["created"], limit: 1 })).toEqual([
      { id: ids["cat.jpg"], created: expect.any(Number) },
    ]);
  });

  it("finds by tag, class and batch, and all pages of search_all", async () => {
    const batchId = async (name: string) =>
      ((await get(`/${project.slug}/batches`)).body as { batches: { name: string; id: string }[] }).batches.find(
        (batch) => batch.name === name,
      )!.id;
    for (const [json, names] of [
      [{ tag: "night" }, ["cat.jpg", "dog.jpg"]],
      [{ tag: "review" }, ["cat.jpg"]],
      [{ tag: "nigh" }, []],
      [{ class_name: "cat" }, ["cat.jpg"]],
      [{ batch: true }, ["cat.jpg", "dog.jpg"]],
      [{ batch_id: await batchId("6月の画像"), in_dataset: "true" }, ["dog.jpg"]],
      [{ batch: true, tag: "night", class_name: "cat" }, ["cat.jpg"]],
    ] as const)
      expect(
        (await search({ fields: ["name"], ...json })).map(({ name }) => name),
        JSON.stringify(json),
      ).toEqual(names);
    const pages = [];
    for (let offset = 0; ; offset += 2) {
      const page = await search({ offset, limit: 2, fields: ["id", "created"] });
      pages.push(page.map(({ id }) => id));
      if (page.length < 2) break;
    }
    expect(pages).toEqual([[ids["cat.jpg"], ids["dog.jpg"]], [ids["hen.jpg"]]]);
  });

  it("refuses what it cannot answer, with a sentence", async () => {
    for (const [json, status, sentence] of [
      [{ prompt: "a cat at night" }, 422, /Search by tag/],
      [{ like_image: ids["cat.jpg"] }, 422, /Search by tag/],
      [{ annotation_job: true }, 422, /no annotation jobs/],
      [{ in_dataset: "signs" }, 422, /looks through one project/],
      [{ batch_id: "%" }, 422, /no such batch/],
      [{ limit: 251 }, 400, /at most 250/],
      [{ fields: ["embedding"] }, 400, /there are: id, name/],
    ] as const)
      expect(await post(`/${project.slug}/search`, json), JSON.stringify(json)).toMatchObject({
        status,
        body: { error: expect.stringMatching(sentence) },
      });
  });
});

describe("workspace.search", () => {
  it("finds across projects page by page, by terms that must all hold", async () => {
    const names = async (query: string) => {
      const found: string[] = [];
      for (let token: string | null = null; ;) {
        const { body } = await post("/search/v1", {
          query,
          pageSize: 2,
          fields: ["tags", "projects", "filename"],
          ...(token === null ? {} : { continuationToken: token }),
        });
        const page = body as { results: { filename: string }[]; total: number; continuationToken: string | null };
        found.push(...page.results.map(({ filename }) => filename));
        token = page.continuationToken;
        if (token === null || page.results.length === 0) {
          expect(page.total).toBe(found.length);
          return found;
        }
      }
    };
    expect(await names("*")).toEqual(["cat.jpg", "dog.jpg", "hen.jpg", "sign.jpg"]);
    expect(await names("")).toHaveLength(4);
    expect(await names("tag:review")).toEqual(["cat.jpg", "sign.jpg"]);
    expect(await names("tag:review AND tag:night")).toEqual(["cat.jpg"]);
    expect(await names("class:stop")).toEqual(["sign.jpg"]);
    expect(await names('batch:"6月の画像" project:animals')).toEqual(["dog.jpg"]);
    expect(await names("filename:*g.jpg split:train")).toEqual(["dog.jpg"]);
    expect(await names("project:false")).toEqual([]);
    const { body } = await post("/search/v1", {
      query: "class:stop",
      pageSize: 50,
      fields: ["tags", "projects", "filename"],
    });
    expect(body).toEqual({
      results: [{ id: ids["sign.jpg"], filename: "sign.jpg", tags: ["review"], projects: ["signs"] }],
      total: 1,
      continuationToken: null,
    });
  });

  it("refuses what it does not understand, and projects that are not there", async () => {
    for (const query of [
      "a cat at night",
      "tag:a OR tag:b",
      "NOT tag:a",
      "colour:red",
      "split:night",
      "tag:",
      "class:a class:b",
    ])
      expect(await post("/search/v1", { query }), query).toMatchObject({
        status: 422,
        body: { code: "invalid_input" },
      });
    expect(await post("/search/v1", { query: "project:nothing" })).toMatchObject({ status: 404 });
    expect(await post("/search/v1", { query: "*", continuationToken: "x" })).toMatchObject({ status: 400 });
  });
});

describe("project.image", () => {
  it("answers one image, its boxes by their middle, and links that need no key", async () => {
    const { status, body } = await get(`/signs/images/${ids["sign.jpg"]}`);
    const { image } = body as { image: { urls: { original: string; thumb: string } } };
    expect([status, image]).toEqual([
      200,
      {
        id: ids["sign.jpg"],
        name: "sign.jpg",
        split: "train",
        labels: ["stop"],
        tags: ["review"],
        created: expect.any(Number),
        annotation: { width: 43, height: 30, boxes: [{ label: "stop", x: 6, y: 12, width: 10, height: 20 }] },
        batch: null,
        sequence: null,
        user_metadata: {},
        urls: { original: expect.any(String), thumb: expect.any(String) },
      },
    ]);
    for (const [url, type] of [
      [image.urls.original, "image/jpeg"],
      [image.urls.thumb, "image/webp"],
    ] as const) {
      const answer = await dispatch(new Request(url));
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, type]);
      expect((await answer.arrayBuffer()).byteLength).toBe(Number(answer.headers.get("content-length")));
    }
    expect(await get(`/animals/images/${ids["cat.jpg"]}`)).toMatchObject({
      body: { image: { batch: "Pip Package Upload", sequence: { number: 3, size: 9 } } },
    });
    expect(await get(`/animals/images/${ids["sign.jpg"]}`)).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining("no such image") },
    });
  });
});

describe("batches", () => {
  it("are the names under which images were uploaded", async () => {
    const { body } = await get(`/${project.slug}/batches`);
    const { batches } = body as { batches: { id: string; name: string }[] };
    expect(batches).toEqual([
      {
        id: expect.any(String),
        name: "6月の画像",
        images: 1,
        numJobs: 0,
        uploaded: { _seconds: expect.any(Number), _nanoseconds: expect.any(Number) },
      },
      expect.objectContaining({ name: "Pip Package Upload", images: 1 }),
    ]);
    expect(await get(`/${project.slug}/batches/${batches[0]!.id}`)).toMatchObject({
      status: 200,
      body: { batch: batches[0] },
    });
    for (const id of ["bm9uZQ", "%25", "x"])
      expect(await get(`/${project.slug}/batches/${id}`)).toMatchObject({ status: 404, body: { code: "not_found" } });
  });
});

describe("tags and metadata", () => {
  const facts = async (name: string) => {
    const { tags, metadata } = await prisma().image.findUniqueOrThrow({ where: { id: ids[name]! } });
    return { tags, metadata };
  };
  const events = async () =>
    (
      await prisma().auditEvent.findMany({
        where: { workspaceId: world.workspace.id, action: { in: ["image.tagged", "image.metadata_changed"] } },
        orderBy: { action: "asc" },
      })
    ).map(({ action, targetName, details }) => [action, targetName, (details as { images: number }).images]);

  it("of one image are changed as was said, and nothing else of it", async () => {
    const change = (json: unknown) => post(`/images/${ids["hen.jpg"]}/metadata`, json);
    expect(await change({ metadata: { camera_id: "cam2", score: 1 }, addTags: ["b", "a"] })).toMatchObject({
      status: 200,
      body: { success: true },
    });
    expect(
      await change({ removeMetadata: ["score", "none"], addTags: ["c"], removeTags: ["a", "none"] }),
    ).toMatchObject({
      status: 200,
    });
    expect(await facts("hen.jpg")).toEqual({ tags: ["b", "c"], metadata: { camera_id: "cam2" } });
    expect(await change({ addTags: ["b"] })).toMatchObject({ status: 200 });
    expect(await events()).toEqual([
      ["image.metadata_changed", "animals", 2],
      ["image.tagged", "animals", 2],
    ]);
    for (const json of [
      {},
      { addTags: [] },
      { addTags: ["a"], removeTags: ["a"] },
      { metadata: { k: 1 }, removeMetadata: ["k"] },
      { metadata: { k: null } },
      { addTags: Array.from({ length: 99 }, (_, i) => `t${i}`) },
    ])
      expect(await change(json), JSON.stringify(json)).toMatchObject({ status: 422 });
    expect(await facts("hen.jpg")).toEqual({ tags: ["b", "c"], metadata: { camera_id: "cam2" } });
    expect(await post("/images/nothing/metadata", { addTags: ["a"] })).toMatchObject({ status: 404 });
    const elsewhere = await buildWorld();
    expect(
      await call("POST", `/${elsewhere.workspace.slug}/images/${ids["hen.jpg"]}/metadata`, {
        key: await buildApiKey(elsewhere),
        json: { addTags: ["theirs"] },
      }),
    ).toMatchObject({ status: 404 });
    expect((await facts("hen.jpg")).tags).toEqual(["b", "c"]);
  });

  it("of many are a task whose result tells of each that was not done", async () => {
    const { status, body } = await post("/images/metadata", {
      updates: [
        { imageId: ids["dog.jpg"], addTags: ["seen"], metadata: { seen: true } },
        { imageId: ids["sign.jpg"], removeTags: ["review"] },
        { imageId: "gone", addTags: ["seen"] },
      ],
    });
    expect(status).toBe(202);
    const { taskId, url } = body as { taskId: string; url: string };
    expect(url).toMatch(new RegExp(`/api/${slug}/asynctasks/${taskId}$`));
    expect(await get(`/asynctasks/${taskId}`)).toMatchObject({
      status: 200,
      body: {
        taskId,
        status: "completed",
        progress: { current: 3, total: 3 },
        result: {
          succeeded: 2,
          failed: 1,
          failedItems: [{ imageId: "gone", error: expect.stringContaining("no such image") }],
        },
      },
    });
    expect(await facts("dog.jpg")).toEqual({ tags: ["night", "seen"], metadata: { seen: true } });
    expect((await facts("sign.jpg")).tags).toEqual([]);
    expect(await get("/asynctasks/nothing")).toMatchObject({ status: 404 });
  });

  it("of many are refused together when one cannot be understood", async () => {
    const before = await facts("dog.jpg");
    for (const updates of [
      [],
      [{ imageId: ids["dog.jpg"], addTags: ["x"] }, { imageId: ids["cat.jpg"] }],
      [
        { imageId: ids["dog.jpg"], addTags: ["x"] },
        { imageId: ids["dog.jpg"], addTags: ["y"] },
      ],
      Array.from({ length: 1_001 }, (_, i) => ({ imageId: String(i), addTags: ["x"] })),
    ]) {
      const { status } = await post("/images/metadata", { updates });
      expect([400, 422]).toContain(status);
    }
    expect(await facts("dog.jpg")).toEqual(before);
  });
});

describe("workspace.search_export", () => {
  it("gives what is found as a zip, by a link that needs no key", async () => {
    const begun = await post("/search/export", { query: "class:stop", format: "coco" });
    expect(begun).toMatchObject({ status: 202, body: { link: expect.stringMatching(/^[\w.-]+$/) } });
    const status = await get(`/search/export/${(begun.body as { link: string }).link}`);
    expect(status).toMatchObject({ status: 200, body: { ready: true } });
    const answer = await dispatch(new Request((status.body as { link: string }).link));
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/zip"]);
    const reader = new ZipReader(new Uint8ArrayReader(new Uint8Array(await answer.arrayBuffer())));
    const names = (await reader.getEntries()).map(({ filename }) => filename).sort();
    expect(names).toEqual([
      "README.dataset.txt",
      "train/_annotations.coco.json",
      expect.stringMatching(/^train\/sign\..*\.jpg$/),
    ]);
  });

  it("has as PNGs what not every trainer reads", async () => {
    const plates = await buildProject(world, { slug: "plates", type: "OBJECT_DETECTION" });
    for (const name of ["turned.tif", "24-bit.bmp", "plain.jpg"]) {
      const form = new FormData();
      form.set("file", new Blob([new Uint8Array(readRealImage(name))]), name);
      expect((await call("POST", `/dataset/${plates.slug}/upload`, { key, raw: form })).status).toBe(200);
    }
    const begun = await post("/search/export", { query: "*", dataset: plates.slug, format: "yolov8" });
    const { link } = (await get(`/search/export/${(begun.body as { link: string }).link}`)).body as { link: string };
    const answer = await dispatch(new Request(link));
    const reader = new ZipReader(new Uint8ArrayReader(new Uint8Array(await answer.arrayBuffer())));
    const seen: unknown[] = [];
    for (const entry of await reader.getEntries()) {
      if (entry.directory || !entry.filename.includes("/images/")) continue;
      const bytes = Buffer.from(await entry.getData(new Uint8ArrayWriter()));
      const { format, width, height } = await sharp(bytes).metadata();
      seen.push([entry.filename.split(".").at(-1), format, width, height]);
    }
    expect(seen.sort()).toEqual([
      ["jpg", "jpeg", 32, 24],
      ["png", "png", 32, 24],
      ["png", "png", 32, 24],
    ]);
  });

  it("refuses what finds nothing, mixes, or is not there", async () => {
    for (const [json, sentence] of [
      [{ query: "tag:nobody", format: "coco" }, /finds no image/],
      [{ query: "*", format: "folder" }, /with boxes/],
      [{ query: "class:cat", format: "coco" }, /class of their own/],
      [{ query: "*", format: "tfrecord" }, /There are: folder/],
      [{ query: "*", format: "coco", annotationGroup: "x" }, /one set of annotations/],
    ] as const)
      expect(await post("/search/export", json), JSON.stringify(json)).toMatchObject({
        status: 422,
        body: { error: expect.stringMatching(sentence) },
      });
    expect(await get("/search/export/forged.token")).toMatchObject({ status: 404 });
  });
});

describe("health", () => {
  it("says what there is, what is missing, and what looks the same", async () => {
    const other = await buildProject(world, { slug: "birds" });
    const base = await photo(80, 60);
    const form = async (name: string, bytes: Buffer) => {
      const body = new FormData();
      body.set("file", new Blob([new Uint8Array(bytes)]), name);
      return ((await call("POST", `/dataset/${other.slug}/upload`, { key, raw: body })).body as { id: string }).id;
    };
    const [first, again] = [
      await form("a.jpg", base),
      await form("b.webp", await sharp(base).resize(60, 45).webp().toBuffer()),
    ];
    await form("c.jpg", await sharp(base).flop().resize(30, 40, { fit: "fill" }).jpeg().toBuffer());
    await prisma().image.updateMany({ where: { id: { in: [first, again] } }, data: { label: "owl" } });
    expect(await get("/birds/health?regenerate=true")).toMatchObject({
      status: 200,
      body: {
        images: 3,
        annotations: 2,
        missingAnnotations: 1,
        splits: { train: 3, valid: 0, test: 0 },
        classes: [{ name: "owl", annotations: 2, images: 2, share: 1 }],
        balance: null,
        sizes: {
          width: { min: 30, median: 60, max: 80 },
          height: { min: 40, median: 45, max: 60 },
          shapes: { wide: 2, square: 0, tall: 1 },
          distinct: 3,
        },
        nearDuplicates: {
          compared: 3,
          groups: [
            [
              { id: again, name: "b.webp" },
              { id: first, name: "a.jpg" },
            ],
          ],
        },
      },
    });
    expect(await get("/signs/health")).toMatchObject({
      body: { classes: [{ name: "stop", annotations: 1, images: 1 }], missingAnnotations: 0 },
    });
  });
});

describe("an image by its URL", () => {
  it("is fetched from a listed host, kept with what is said of it, and never from another", async () => {
    const bytes = await photo(60, 60);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(String(request.url));
      if (request.url === "/gone.jpg") response.statusCode = 404;
      response.end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env["INFER_IMAGE_HOSTS"] = `http://${host}`;
    vi.resetModules(); // the environment is read once
    const { disconnect } = await import("@/lib/platform/db");
    /** `project.upload("https://…", hosted_image=True)`: all in the query, no body. */
    const fetchIt = (url: string, query = "") =>
      call("POST", `/dataset/${project.slug}/upload?name=a.jpg&split=test&image=${encodeURIComponent(url)}${query}`, {
        key,
      });
    try {
      const answer = await fetchIt(
        `http://${host}/a.jpg`,
        `&batch=Hosted&tag=web&metadata=${encodeURIComponent('{"site":"a"}')}`,
      );
      expect(answer).toMatchObject({ status: 200, body: { success: true } });
      expect(
        await prisma().image.findUniqueOrThrow({ where: { id: (answer.body as { id: string }).id } }),
      ).toMatchObject({ fileName: "a.jpg", split: "TEST", tags: ["web"], batch: "Hosted", metadata: { site: "a" } });
      for (const url of [`http://${host}/gone.jpg`, "http://127.0.0.1:1/a.jpg", "http://169.254.169.254/x", "x"])
        expect(await fetchIt(url), url).toMatchObject({ status: 400 });
      expect(await fetchIt(`http://${host}/b.jpg`, "&split=all")).toMatchObject({ status: 422 });
      expect(asked).toEqual(["/a.jpg", "/gone.jpg"]);
    } finally {
      delete process.env["INFER_IMAGE_HOSTS"];
      await disconnect();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
