import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { uploadImageForm } from "./form";

let world: World;
let project: { id: string; slug: string };
let bytes: Buffer;
let seed = 0;

const scratch = mkdtempSync(path.join(tmpdir(), "forms-"));
const systemTemporary = process.env["TMPDIR"];
beforeAll(async () => {
  process.env["TMPDIR"] = scratch;
  world = await buildWorld();
  project = await buildProject(world);
});
afterAll(() => {
  if (systemTemporary === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = systemTemporary;
  rmSync(scratch, { recursive: true });
});
beforeEach(async () => {
  bytes = await photo(16, 12, (seed += 1));
});

const BOUNDARY = "4f2d1c0b9a8e7d6c5b4a39281706f5e4";
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** One part, byte for byte as requests-toolbelt's MultipartEncoder writes it. */
const part = (disposition: string, body: Buffer | string, contentType?: string): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n${contentType === undefined ? "" : `Content-Type: ${contentType}\r\n`}\r\n`,
    ),
    Buffer.from(body),
    Buffer.from("\r\n"),
  ]);
const END = Buffer.from(`--${BOUNDARY}--\r\n`);
const name = (text: string) => part('name="name"', text);
const split = (text: string) => part('name="split"', text);
const file = (of: Buffer = bytes, filename = "cat.jpg") =>
  part(`name="file"; filename="${filename}"`, of, "image/jpeg");

/** Sends the body in chunks of odd sizes, as a socket would; `length` says how long it is, as every real client does. */
function post(
  body: Buffer,
  {
    contentType = TYPE,
    length = true,
    chunk = 4099,
    breakAt = Infinity,
  }: { contentType?: string; length?: boolean; chunk?: number; breakAt?: number } = {},
): Request & { taken: () => number } {
  let at = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at >= breakAt) return controller.error(new Error("aborted"));
        if (at >= body.length) return controller.close();
        controller.enqueue(body.subarray(at, Math.min(at + chunk, breakAt)));
        at += chunk;
      },
    },
    { highWaterMark: 0 },
  );
  const request = new Request("http://test/", {
    method: "POST",
    body: stream,
    headers: { "content-type": contentType, ...(length ? { "content-length": String(body.length) } : {}) },
    duplex: "half",
  } as RequestInit);
  return Object.assign(request, { taken: () => at });
}

const send = async (request: Request) =>
  uploadImageForm(
    await userContext(world),
    { workspaceSlug: world.workspace.slug, projectSlug: project.slug },
    request,
  );
const rowOf = (id: string) => prisma().image.findUniqueOrThrow({ where: { id } });

test("the official client's form is taken: name, split, file, then metadata", async () => {
  const metadata = part('name="metadata"', '{"camera_id": "cam001"}');
  const { id } = await send(post(Buffer.concat([name("cat.jpg"), split("valid"), file(), metadata, END])));
  expect(await rowOf(id)).toMatchObject({ fileName: "cat.jpg", split: "VALID", sizeBytes: bytes.length });
});

test("the fields may stand in any order, in chunks of any size", async () => {
  const { id } = await send(post(Buffer.concat([file(), split("test"), name("other.jpg"), END]), { chunk: 7 }));
  expect(await rowOf(id)).toMatchObject({ fileName: "other.jpg", split: "TEST", sizeBytes: bytes.length });
});

test("a form of nothing but the file goes to train under the file's own name", async () => {
  const { id } = await send(post(Buffer.concat([file(), END])));
  expect(await rowOf(id)).toMatchObject({ fileName: "cat.jpg", split: "TRAIN" });
});

test.each([
  ["urllib3 2", 'name="file"; filename="犬 %22x%22.jpg"'],
  ["urllib3 1", "name=\"file\"; filename*=utf-8''%E7%8A%AC%20%2522x%2522.jpg"],
])("names beyond ASCII arrive as %s writes them", async (_who, disposition) => {
  const { id } = await send(post(Buffer.concat([part(disposition, bytes, "image/jpeg"), END])));
  expect((await rowOf(id)).fileName).toMatch(/^犬 /);
});

test("an image that looks like the form's own lines is taken whole", async () => {
  const tricky = Buffer.concat([bytes, Buffer.from(`\r\n--${BOUNDARY.slice(0, -1)}\r\n--\r\n\r\n`)]);
  const { id } = await send(post(Buffer.concat([file(tricky), END]), { chunk: 11 }));
  expect((await rowOf(id)).sizeBytes).toBe(tricky.length);
});

const broken: [string, () => Request, string, RegExp][] = [
  ["no file", () => post(Buffer.concat([name("a"), END])), "invalid_request", /no field "file"/],
  ["an empty form", () => post(END), "invalid_request", /no field "file"/],
  [
    "no body",
    () => new Request("http://test/", { method: "POST", headers: { "content-type": TYPE } }),
    "invalid_request",
    /no field "file"/,
  ],
  ["two files", () => post(Buffer.concat([file(), file(), END])), "invalid_request", /more than one/],
  [
    "a file in another field",
    () => post(Buffer.concat([part('name="image"; filename="a.jpg"', bytes, "image/jpeg"), END])),
    "invalid_request",
    /no field "file"/,
  ],
  [
    "a split that there is not",
    () => post(Buffer.concat([split("all"), file(), END])),
    "invalid_request",
    /train, valid or test/,
  ],
  [
    "the split __proto__",
    () => post(Buffer.concat([split("__proto__"), file(), END])),
    "invalid_request",
    /train, valid or test/,
  ],
  [
    "a field that is too long",
    () => post(Buffer.concat([part('name="metadata"', "x".repeat(100_000)), file(), END])),
    "invalid_request",
    /"metadata" is too long/,
  ],
  [
    "too many fields",
    () => post(Buffer.concat([...Array.from({ length: 30 }, (_, i) => part(`name="f${i}"`, "x")), file(), END])),
    "invalid_request",
    /too many fields/,
  ],
  [
    "a body that ends in the file",
    () => post(Buffer.concat([name("a"), file()]).subarray(0, -100)),
    "invalid_request",
    /broke off/,
  ],
  ["a body without its last line", () => post(Buffer.concat([name("a"), file()])), "invalid_request", /broke off/],
  [
    "a sender that is cut off in the file",
    () => post(Buffer.concat([file(), END]), { breakAt: 300, chunk: 100 }),
    "invalid_request",
    /broke off/,
  ],
  [
    "a sender that is cut off in a header",
    () => post(Buffer.concat([file(), END]), { breakAt: 60, chunk: 20 }),
    "invalid_request",
    /broke off/,
  ],
  [
    "headers without end",
    () => post(Buffer.concat([Buffer.from(`--${BOUNDARY}\r\nX-Long: `), Buffer.alloc(200_000, "x")])),
    "invalid_request",
    /broke off|no field "file"/,
  ],
  [
    "no boundary",
    () => post(file(), { contentType: "multipart/form-data; charset=utf-8" }),
    "invalid_request",
    /boundary/,
  ],
  [
    "another boundary",
    () => post(Buffer.concat([file(), END]), { contentType: "multipart/form-data; boundary=other" }),
    "invalid_request",
    /broke off/,
  ],
  ["JSON", () => post(Buffer.from("{}"), { contentType: "application/json" }), "unsupported_media_type", /multipart/],
  ["no image", () => post(Buffer.concat([file(Buffer.from("GIF89a")), END])), "unreadable_image", /broken/],
];

test.each(broken)("%s: refused with a sentence, and nothing is left", async (_what, make, code, sentence) => {
  const before = await prisma().image.count();
  await expect(send(make())).rejects.toMatchObject({ code, publicMessage: expect.stringMatching(sentence) });
  expect(await prisma().image.count()).toBe(before);
  expect(readdirSync(scratch)).toEqual([]);
});

const LIMIT = 20 * 1024 ** 2;

test("a file over the limit is refused unread when the form's length says so", async () => {
  const request = post(Buffer.concat([file(Buffer.alloc(LIMIT + 3 * 1024 ** 2)), END]));
  await expect(send(request)).rejects.toMatchObject({ code: "payload_too_large" });
  expect(request.taken()).toBe(0);
});

test("a file that turns out to be over the limit is refused; the rest of a bounded form is let in, so that its sender reads why", async () => {
  const body = Buffer.concat([file(Buffer.alloc(LIMIT + 1024 ** 2)), END]);
  const bounded = post(body, { chunk: 1024 ** 2 });
  await expect(send(bounded)).rejects.toMatchObject({ code: "payload_too_large", details: { limitMegabytes: 20 } });
  expect(bounded.taken()).toBeGreaterThanOrEqual(body.length);
  const endless = post(Buffer.concat([file(Buffer.alloc(2 * LIMIT)), END]), { length: false, chunk: 1024 ** 2 });
  await expect(send(endless)).rejects.toMatchObject({ code: "payload_too_large" });
  expect(endless.taken()).toBeLessThan(LIMIT + 4 * 1024 ** 2);
  expect(readdirSync(scratch)).toEqual([]);
});
