import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import sharp from "sharp";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createPredictor } from "@/lib/engine/trainer/predictor";
import { prisma } from "@/lib/platform/db";
import {
  buildApiKey,
  buildMember,
  buildProject,
  buildWorld,
  fingerprintTables,
  type World,
} from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { drawWeights, storeServingVersion } from "@/lib/testing/served-model";
import { call } from "./_test/call-api";

let jpeg: Buffer;
let png: Buffer;
let world: World;
let key: string;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof storeServingVersion>>;

beforeAll(async () => {
  jpeg = await photo(100, 80);
  png = await sharp(jpeg).png().toBuffer();
});
beforeEach(async () => {
  world = await buildWorld();
  key = await buildApiKey(world);
  project = await buildProject(world);
  version = await storeServingVersion(world, project);
});

const BOUNDARY = "4f2d1c0b9a8e7d6c5b4a39281706f5e4";
const part = (head: string, bytes: Buffer) =>
  Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
    bytes,
    Buffer.from("\r\n"),
  ]);
const END = Buffer.from(`--${BOUNDARY}--\r\n`);
/** What requests-toolbelt's MultipartEncoder makes of `{"file": ("imageToUpload", data, "image/jpeg")}`. */
const form = (bytes: Buffer) =>
  Buffer.concat([part('name="file"; filename="imageToUpload"\r\nContent-Type: image/jpeg', bytes), END]);
const FORM = `multipart/form-data; boundary=${BOUNDARY}`;
const TEXT = "application/x-www-form-urlencoded";

const path = () => `/infer/${project.slug}/${version.number}`;
const post = (url: string, body: Buffer | string | null, contentType: string | null, by: string | undefined = key) =>
  call("POST", url, {
    key: by,
    ...(body === null ? {} : { raw: typeof body === "string" ? body : new Uint8Array(body) }),
    headers: {
      ...(contentType === null ? {} : { "content-type": contentType }),
      ...(body === null ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    },
  });

describe("POST /infer/…", () => {
  it("answers TrainedModel.predict, by version and by the model's own name", async () => {
    const bare = await createPredictor(drawWeights()).predict(jpeg);
    for (const model of [`${project.slug}/${version.number}`, `${world.workspace.slug}/${version.model.slug}`]) {
      const { status, body } = await post(`/infer/${model}?confidence=40&overlap=30&format=json`, form(jpeg), FORM);
      expect(status).toBe(200);
      expect(body).toEqual({
        predictions: bare.predictions.filter(({ confidence }) => confidence >= 0.4),
        top: bare.predictions[0]!.class,
        confidence: bare.predictions[0]!.confidence,
        image: { width: 100, height: 80 },
        inference_id: expect.any(String),
        time: expect.any(Number),
      });
    }
  });

  it("answers version.model.predict, whose form is a bare base64 PNG, however it arrives", async () => {
    const query = "?name=YOUR_IMAGE.jpg&overlap=30&confidence=40&stroke=1&labels=false&format=json&classes=cat,dog";
    const text = png.toString("base64");
    const expected = (await post(path(), png, "image/png")).body as { predictions: unknown };
    const lines = text.replace(/.{76}/g, "$&\r\n");
    expect(text).toMatch(/\+/);
    for (const body of [
      text,
      `${text}\n`,
      lines,
      text.replaceAll("+", " "),
      `data:image/png;base64,${text}`,
      encodeURIComponent(text),
      text.replaceAll("+", "-").replaceAll("/", "_"),
      text.replace(/=+$/, ""),
    ]) {
      expect(await post(`${path()}${query}`, body, TEXT)).toMatchObject({
        status: 200,
        body: { predictions: expected.predictions, image: { width: 100, height: 80 } },
      });
    }
    expect((await post(`${path()}${query}`, text, `${TEXT}; charset=utf-8`)).status).toBe(200);
  });

  it("takes a confidence as a percentage or a share, and no other", async () => {
    const classes = async (confidence: string) =>
      ((await post(`${path()}?confidence=${confidence}`, png, "image/png")).body as { predictions: unknown[] })
        .predictions.length;
    expect([
      await classes("0"),
      await classes("0.0001"),
      await classes("99.9"),
      await classes("0.999"),
      await classes("1"), // one of a hundred, as on the client's scale
      await classes("100"),
    ]).toEqual([2, 2, 1, 1, 2, 1]);
    for (const odd of ["x", "-1", "101", "NaN", "1e9"])
      expect(await post(`${path()}?confidence=${odd}`, png, "image/png")).toMatchObject({
        status: 422,
        body: { code: "invalid_input", error: expect.stringContaining('"confidence" must be a number from 0 to 100') },
      });
  });

  it("tells only of the classes that are asked for, and refuses one that the model does not have, or to draw", async () => {
    const all = createPredictor(drawWeights());
    const { predictions } = await all.predict(png);
    const last = predictions.at(-1)!;
    expect(await post(`${path()}?classes=${last.class}&confidence=99`, png, "image/png")).toMatchObject({
      status: 200,
      body: { predictions: [last], top: last.class, confidence: last.confidence },
    });
    const both = encodeURIComponent(predictions.map((one) => one.class).join(" , "));
    expect((await post(`${path()}?classes=${both}&confidence=0`, png, "image/png")).body).toMatchObject({
      predictions,
    });
    for (const [query, sentence] of [
      ["classes=zebra", /no class "zebra"/],
      ["format=image", /"format" must be json/],
    ] as const)
      expect(await post(`${path()}?${query}`, png, "image/png")).toMatchObject({
        status: 422,
        body: { code: "invalid_input", error: expect.stringMatching(sentence) },
      });
  });

  it.each([
    ["no body", null, null, 400, /There is no image/],
    ["no body of a type", null, "image/png", 400, /There is no image/],
    ["an empty body", "", TEXT, 400, /There is no image/],
    [
      "a form without the file",
      Buffer.concat([part('name="image"', Buffer.from("x")), END]),
      FORM,
      400,
      /no field "file"/,
    ],
    ["a form cut short", Buffer.from(`--${BOUNDARY}\r\n`), FORM, 400, /broke off|no field "file"/],
    ["an empty file", form(Buffer.alloc(0)), FORM, 400, /There is no image/],
    ["key=value pairs", "image=AAAA&x=1", TEXT, 400, /not an image in base64/],
    ["base64 of no image", Buffer.from("hello").toString("base64"), TEXT, 422, /not an image/],
    ["JSON", "{}", "application/json", 415, /multipart/],
    ["plain text", "x", "text/plain", 415, /multipart/],
    ["no type", Buffer.from("x"), null, 415, /multipart/],
    ["an SVG", "<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", 422, /SVG/],
  ])("%s: a clear refusal", async (_what, body, type, status, sentence) => {
    expect(await post(path(), body, type)).toMatchObject({ status, body: { error: expect.stringMatching(sentence) } });
  });

  it.each([
    ["a raw body", "image/jpeg", 21],
    ["a form", FORM, 23],
    ["base64", TEXT, 31],
  ])(
    "%s of 50 MB is 413 without being read, and one that does not say its length is cut off",
    async (_what, type, enough) => {
      const MB = 1024 ** 2;
      let sent = 0;
      const head =
        type === FORM
          ? Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n`)
          : Buffer.alloc(0);
      const endless = () => {
        sent = 0;
        return new ReadableStream<Uint8Array>(
          {
            pull(controller) {
              if (sent >= 50 * MB) return controller.close();
              controller.enqueue(sent === 0 && head.length > 0 ? head : new Uint8Array(MB).fill(65));
              sent += MB;
            },
          },
          { highWaterMark: 0 },
        );
      };
      expect(
        await call("POST", path(), {
          key,
          raw: endless(),
          headers: { "content-type": type, "content-length": String(50 * MB) },
        }),
      ).toMatchObject({ status: 413, body: { code: "payload_too_large", error: expect.stringContaining("20 MB") } });
      expect(sent).toBe(0);
      expect(await call("POST", path(), { key, raw: endless(), headers: { "content-type": type } })).toMatchObject({
        status: 413,
        body: { code: "payload_too_large" },
      });
      expect(sent).toBeLessThanOrEqual((enough + 2) * MB);
    },
  );

  it("holds only so much of what many send at once: the rest is 503, and nothing stays held", async () => {
    const MB = 1024 ** 2;
    const started: (() => void)[] = [];
    const slow = () =>
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          controller.enqueue(new Uint8Array(19 * MB));
          await new Promise<void>((resolve) => started.push(resolve));
          controller.close();
        },
      });
    const calls = Array.from({ length: 7 }, () =>
      call("POST", path(), { key, raw: slow(), headers: { "content-type": "image/png" } }),
    );
    const over: Awaited<ReturnType<typeof call>>[] = [];
    for (const one of calls) void one.then((answer) => over.push(answer));
    await vi.waitFor(() => expect([over.length, started.length]).toEqual([2, 7]), { timeout: 10_000 });
    expect(over.map(({ status, headers }) => [status, headers.get("retry-after")])).toEqual([
      [503, "5"],
      [503, "5"],
    ]);
    for (const finish of started) finish();
    const statuses = (await Promise.all(calls)).map(({ status }) => status).sort();
    expect(statuses).toEqual([422, 422, 422, 422, 422, 503, 503]);
    expect((await post(path(), png, "image/png")).status).toBe(200);
  });

  it("is 401 without the scope, for viewers 200, and 404 with why: never made, in Trash, purged, another's", async () => {
    expect(await post(path(), png, "image/png", await buildApiKey(world, { scopes: ["version:read"] }))).toMatchObject({
      status: 401,
      body: { code: "missing_scope", scope: "model:infer" },
    });
    expect(
      (
        await post(
          path(),
          png,
          "image/png",
          await buildApiKey(world, { userId: (await buildMember(world, "VIEWER")).id }),
        )
      ).status,
    ).toBe(200);
    const foreign = await buildWorld();
    const stranger = await buildApiKey(foreign);
    const [theirs, absent] = [
      await post(`/infer/${world.workspace.slug}/${version.model.slug}`, png, "image/png", stranger),
      await post(`/infer/no-such/${version.model.slug}`, png, "image/png", stranger),
    ];
    expect(theirs).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect({ ...(theirs.body as object), requestId: "" }).toEqual({ ...(absent.body as object), requestId: "" });
    expect(await post(path(), png, "image/png", stranger)).toMatchObject({ status: 404, body: { code: "not_found" } });
    for (const odd of ["0", "03", "-1", "2147483648", "1.0", "%00", "..%2F1", "A-1-1", "a".repeat(129), "1e3x%20"])
      expect(await post(`/infer/${project.slug}/${odd}`, png, "image/png"), odd).toMatchObject({
        status: 404,
        body: { code: "not_found" },
      });
    await call("DELETE", `/${world.workspace.slug}/${project.slug}/${version.number}`, { key });
    const { purgeAfter } = await prisma().version.findUniqueOrThrow({ where: { id: version.id } });
    for (const url of [path(), `/infer/${world.workspace.slug}/${version.model.slug}`])
      expect(await post(url, png, "image/png")).toMatchObject({
        status: 404,
        body: { code: "model_in_trash", restorableUntil: purgeAfter!.toISOString() },
      });
    await prisma().modelSlug.create({ data: { workspaceId: world.workspace.id, slug: "digits-9-9" } });
    expect(await post(`/infer/${world.workspace.slug}/digits-9-9`, png, "image/png")).toMatchObject({
      status: 404,
      body: { code: "purged" },
    });
  });
});

describe("an image by URL", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    vi.resetModules();
    delete process.env["INFER_IMAGE_HOSTS"];
  });

  /** Serves on a free port of this machine. */
  async function serve(answer: RequestListener): Promise<string> {
    server = createServer(answer);
    await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Asks a server that lists these hosts; modules anew, since the environment is read once. */
  async function ask(hosts: string, image: string) {
    process.env["INFER_IMAGE_HOSTS"] = hosts;
    vi.resetModules();
    const { disconnect } = await import("@/lib/platform/db");
    const answer = await post(`${path()}?image=${encodeURIComponent(image)}`, null, null);
    await (await import("@/lib/work/inference/calls")).writeModelCalls();
    await disconnect();
    return answer;
  }

  it("is fetched from a listed host, and from no other", async () => {
    const asked: string[] = [];
    const host = await serve(
      (request, response) => (asked.push(`${request.method} ${request.url}`), response.end(png)),
    );
    const direct = (await post(path(), png, "image/png")).body as { predictions: unknown };
    expect(await ask(`http://${host}`, `http://${host}/a.png?x=1`)).toMatchObject({
      status: 200,
      body: { predictions: direct.predictions },
    });
    expect(asked).toEqual(["GET /a.png?x=1"]);
    const elsewhere = [
      `http://${host}/a.png`,
      `https://${host}/a.png`,
      "http://169.254.169.254/latest/meta-data",
      "file:///etc/passwd",
      "not a url",
      "http://localhost/x",
      `http://user:secret@${host}/a.png`,
    ];
    for (const [hosts, url] of [
      ...elsewhere.map((url) => ["", url]),
      ...elsewhere.slice(1).map((url) => [`http://${host}`, url]),
    ] as [string, string][]) {
      expect(await ask(hosts, url), `${hosts} ${url}`).toMatchObject({
        status: 400,
        body: { code: "invalid_request", error: expect.stringContaining("lists") },
      });
    }
    expect(asked).toHaveLength(1);
  });

  it("is refused when a listed name leads into a private network: only a port in the list allows that", async () => {
    for (const [hosts, url] of [
      ["http://localhost", "http://localhost/x"],
      ["http://127.0.0.1", "http://127.0.0.1/x"],
      ["http://[::1]", "http://[::1]/x"],
      ["http://2130706433", "http://2130706433/x"],
    ] as const) {
      expect(await ask(hosts, url), url).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining("no public address") },
      });
    }
  });

  it("is 400 when its host redirects, fails or is away, and 413 when there is too much of it", async () => {
    const answers: Record<string, RequestListener> = {
      "/redirect": (_, response) => response.writeHead(302, { Location: "/image" }).end(),
      "/missing": (_, response) => response.writeHead(404).end(),
      "/broken": (request) => request.socket.destroy(),
      "/cut": (_, response) =>
        response.writeHead(200, { "Content-Length": "100" }).write("x", () => response.destroy()),
    };
    const host = await serve((request, response) =>
      (answers[request.url!] ?? ((_request, r) => void r.end(Buffer.alloc(21 * 1024 ** 2))))(request, response),
    );
    expect(await ask(`http://${host}`, `http://${host}/redirect`)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("answered 302") },
    });
    expect(await ask(`http://${host}`, `http://${host}/missing`)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("answered 404") },
    });
    for (const url of ["/broken", "/cut"])
      expect(await ask(`http://${host}`, `http://${host}${url}`), url).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining("could not be fetched") },
      });
    expect(await ask(`http://${host}`, `http://${host}/large`)).toMatchObject({ status: 413 });
    server!.closeAllConnections();
    await new Promise((resolve) => server!.close(resolve));
    const before = await fingerprintTables();
    expect(await ask(`http://${host}`, `http://${host}/image`)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("could not be fetched") },
    });
    expect(await fingerprintTables()).toEqual(before);
  });
});
