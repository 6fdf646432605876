import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import sharp from "sharp";
import type { APIRequestContext } from "@playwright/test";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildProject, type World } from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { expect, test } from "./fixtures";

/*
 * What only the real server can show of uploads: bodies through sockets, cookies and Next. The rules themselves are
 * tested where they are.
 */

const MEGABYTE = 1024 ** 2;

/** An image of more bytes than Next lets through what it holds in memory. */
const large = (): Promise<Buffer> =>
  sharp(randomBytes(2400 * 2400 * 3), { raw: { width: 2400, height: 2400, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();

async function begin(
  world: World,
  baseURL: string | undefined,
  type: "CLASSIFICATION" | "OBJECT_DETECTION" = "CLASSIFICATION",
) {
  const project = await buildProject(world, { type });
  const base = `${baseURL!}/data/${world.workspace.slug}/${project.slug}`;
  const count = () => prisma().image.count({ where: { projectId: project.id } });
  const send = (
    request: APIRequestContext,
    bytes: Buffer,
    query = "",
    headers: Record<string, string> = { origin: baseURL! },
  ) =>
    request.post(`${base}/images?name=a.png${query}`, {
      data: bytes,
      headers: { "content-type": "image/png", ...headers },
    });
  return { project, base, count, send };
}

test("a browser's files arrive whole, are listed, shown and changed", async ({ page, world, signIn, baseURL }) => {
  const { base, send } = await begin(world, baseURL);
  await signIn(world.owner);
  const bytes = await large();
  expect(bytes.length).toBeGreaterThan(16 * MEGABYTE);
  const first = await send(page.request, bytes, "&split=valid&label=cat");
  expect([first.status(), await first.json()]).toEqual([200, { id: expect.any(String), duplicate: false }]);
  const { id } = (await first.json()) as { id: string };
  expect(await (await send(page.request, bytes)).json()).toEqual({ id, duplicate: true });

  const list = await page.request.get(`${base}/images?label=cat`);
  expect(await list.json()).toEqual({
    images: [
      {
        id,
        fileName: "a.png",
        contentType: "image/png",
        sizeBytes: bytes.length,
        width: 2400,
        height: 2400,
        split: "valid",
        label: "cat",
        boxes: [],
        tags: [],
        batch: null,
        sequenceNumber: null,
        sequenceSize: null,
        metadata: {},
        createdAt: expect.any(String),
      },
    ],
    total: 1,
  });
  expect((await (await page.request.get(`${base}/images/${id}`)).body()).equals(bytes)).toBe(true);
  const thumbnail = await page.request.get(`${base}/images/${id}?size=thumb`);
  expect(await sharp(await thumbnail.body()).metadata()).toMatchObject({ format: "webp", width: 256, height: 256 });
  expect(
    (
      await page.request.get(`${base}/images/${id}?size=thumb`, {
        headers: { "if-none-match": thumbnail.headers()["etag"]! },
      })
    ).status(),
  ).toBe(304);

  const change = { imageIds: [id], label: "dog", split: "test" };
  expect(
    await (await page.request.patch(`${base}/images`, { data: change, headers: { origin: baseURL! } })).json(),
  ).toEqual({ updated: 1 });
  expect(await (await page.request.get(`${base}/images?split=test&cursor=z`)).json()).toMatchObject({
    images: [{ label: "dog" }],
    total: null,
  });
  expect(await (await page.request.get(`${base}/uploads`)).json()).toMatchObject({
    mode: "server",
    imageBytesMax: 20 * MEGABYTE,
    imagePixelsMax: 50_000_000,
    boxesPerImageMax: 1000,
  });
  expect(
    (
      await page.request.post(`${base}/uploads`, {
        data: { sizeBytes: 1, contentType: "image/png" },
        headers: { origin: baseURL! },
      })
    ).status(),
  ).toBe(503);
});

test("annotation files are applied by name", async ({ page, world, signIn, baseURL }) => {
  const { base, send } = await begin(world, baseURL, "OBJECT_DETECTION");
  await signIn(world.owner);
  await send(page.request, await photo(100, 80));
  const files = [
    { name: "classes.txt", text: "hat" },
    { name: "a.txt", text: "0 0.5 0.5 0.2 0.5" },
    { name: "b.txt", text: "0 0.5 0.5 0.2 0.5" },
  ];
  const applied = await page.request.post(`${base}/annotations`, { data: { files }, headers: { origin: baseURL! } });
  expect(await applied.json()).toMatchObject({
    annotated: 1,
    boxes: 1,
    problems: [{ file: "b.txt", code: "unknown_image" }],
  });
  expect(await (await page.request.get(`${base}/images`)).json()).toMatchObject({
    images: [{ boxes: [{ label: "hat", x: 40, y: 20, width: 20, height: 40 }] }],
  });
});

test("a refusal is a sentence that its sender reads, in their language, however much they send", async ({
  page,
  world,
  makeUser,
  signIn,
  baseURL,
}) => {
  const { base, count, send } = await begin(world, baseURL);
  expect((await send(page.request, await photo(8, 8))).status()).toBe(401);
  await signIn(world.owner);
  const tooLarge = await send(page.request, Buffer.alloc(40 * MEGABYTE));
  expect([tooLarge.status(), await tooLarge.json()]).toEqual([
    413,
    expect.objectContaining({ error: expect.stringContaining("20 MB"), code: "payload_too_large" }),
  ]);
  expect((await send(page.request, Buffer.from("%PDF-1.7"))).status()).toBe(422);
  expect((await send(page.request, await photo(8, 8), "", { origin: "https://elsewhere.example" })).status()).toBe(403);
  expect((await send(page.request, await photo(8, 8), "&split=training")).status()).toBe(422);
  for (const id of ["%00", "nothing", "..%2f..%2fversions"])
    expect((await page.request.get(`${base}/images/${id}`)).status(), id).toBe(404);
  await signIn(await makeUser({ role: "VIEWER" }));
  expect((await send(page.request, await photo(8, 8))).status()).toBe(403);
  expect(
    (
      await page.request.patch(`${base}/images`, { data: { filter: {}, split: "test" }, headers: { origin: baseURL! } })
    ).status(),
  ).toBe(403);
  expect((await page.request.get(`${base}/uploads`)).status()).toBe(403);
  await signIn(await makeUser());
  for (const path of ["images", "uploads"]) expect((await page.request.get(`${base}/${path}`)).status()).toBe(404);
  expect(await count()).toBe(0);
});

test("a program's form goes through, too large a one is refused with a sentence, and one that breaks off leaves nothing", async ({
  world,
  baseURL,
}) => {
  const { project, count } = await begin(world, baseURL);
  const key = await buildApiKey(world);
  const url = `${baseURL!}/api/dataset/${project.slug}/upload?api_key=${key}&batch=Pip+Package+Upload`;
  const send = async (bytes: Buffer) => {
    const form = new FormData();
    form.set("name", "cat.png");
    form.set("split", "train");
    form.set("file", new Blob([new Uint8Array(bytes)]), "cat.png");
    const answer = await fetch(url, { method: "POST", body: form });
    return [answer.status, await answer.json()];
  };
  expect(await send(Buffer.alloc(21 * MEGABYTE))).toEqual([
    413,
    expect.objectContaining({ message: expect.stringContaining("20 MB") }),
  ]);
  expect(await send(Buffer.alloc(40 * MEGABYTE))).toEqual([
    413,
    expect.objectContaining({ message: expect.stringContaining("20 MB") }),
  ]);

  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect(Number(port), hostname);
  const head = `POST ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n`;
  await new Promise<void>((resolve) =>
    socket.write(Buffer.concat([Buffer.from(head), randomBytes(500_000)]), () => resolve()),
  );
  socket.destroy();
  expect(await send(await large())).toEqual([200, { success: true, id: expect.any(String) }]);
  expect(await count()).toBe(1);
});
