import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { getSourceImage, sourceImageKey } from "@/lib/domain/images";
import { eraseFiles, listReceipts, purgeItem, trashImages, trashProject } from "@/lib/domain/trash";
import { systemContext } from "@/lib/domain/context";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma, query } from "@/lib/platform/db";
import { buildMember, buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { raceAt } from "@/lib/testing/race";
import { readImageBody } from "@/lib/doors/images/body";
import { uploadImage } from "./images";
import { brokenOff } from "@/lib/work/chunks";

let world: World;
let project: { id: string; slug: string; type: string };
const ref = () => ({ workspaceSlug: world.workspace.slug, projectSlug: project.slug });
const facts = { fileName: "a.jpg", split: null, label: null };

const scratch = mkdtempSync(path.join(tmpdir(), "uploads-"));
const systemTemporary = process.env["TMPDIR"];
beforeAll(() => {
  process.env["TMPDIR"] = scratch;
});
afterAll(() => {
  if (systemTemporary === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = systemTemporary;
  rmSync(scratch, { recursive: true });
});

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
});

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of blobStore().list(`projects/${project.id}/`)) found.push(key);
  return found.sort();
}

/** Nothing is left of an upload: no row, no blob, no temporary file. */
async function expectNothing(): Promise<void> {
  expect(await prisma().image.count({ where: { projectId: project.id } })).toBe(0);
  expect(await keys()).toEqual([]);
  expect(readdirSync(scratch)).toEqual([]);
}

const upload = async (
  bytes: Parameters<typeof uploadImage>[2],
  about: Partial<Parameters<typeof uploadImage>[3]> = {},
) => uploadImage(await userContext(world), ref(), bytes, { ...facts, ...about });

describe("an image", () => {
  it("is stored as it was sent, with its facts, and a thumbnail beside it", async () => {
    const bytes = await photo(320, 240);
    const { id, duplicate } = await upload([bytes.subarray(0, 1000), bytes.subarray(1000)], {
      fileName: "cats/tom.jpg",
      split: "VALID",
      label: " cat ",
    });
    expect(duplicate).toBe(false);
    expect(await prisma().image.findUniqueOrThrow({ where: { id } })).toMatchObject({
      fileName: "tom.jpg",
      contentType: "image/jpeg",
      sha256: createHash("sha256").update(bytes).digest("hex"),
      sizeBytes: bytes.length,
      width: 320,
      height: 240,
      split: "VALID",
      label: "cat",
      boxes: [],
    });
    expect(await blobStore().get(sourceImageKey(project.id, id))).toEqual(bytes);
    const { thumbnailKey } = await getSourceImage(await userContext(world), { ...ref(), imageId: id });
    expect(await sharp(await blobStore().get(thumbnailKey)).metadata()).toMatchObject({
      format: "webp",
      width: 256,
      height: 192,
    });
    expect(readdirSync(scratch)).toEqual([]);
  });

  it("may be of any format that is read, and goes to train unless something else is said", async () => {
    const source = sharp(await photo(20, 10));
    for (const format of ["jpeg", "png", "webp", "avif", "tiff", "gif"] as const) {
      const { id } = await upload([await source.clone().toFormat(format).toBuffer()], { fileName: "wrong.bmp" });
      expect(await prisma().image.findUniqueOrThrow({ where: { id } })).toMatchObject({
        contentType: `image/${format}`,
        width: 20,
        height: 10,
        split: "TRAIN",
        label: null,
      });
      const { thumbnailKey } = await getSourceImage(await userContext(world), { ...ref(), imageId: id });
      expect(await sharp(await blobStore().get(thumbnailKey)).metadata(), "never enlarged").toMatchObject({
        width: 20,
        height: 10,
      });
    }
  });

  it("is taken as it is where its file is a little damaged, with a note", async () => {
    const bytes = (await photo(320, 240)).subarray(0, -300);
    const { id, notes } = await upload([bytes]);
    expect(notes).toEqual([{ code: "damaged", missingPercent: expect.any(Number) }]);
    expect(await blobStore().get(sourceImageKey(project.id, id))).toEqual(bytes);
    expect(await upload([bytes])).toEqual({ id, duplicate: true });
  });

  it("is as wide and high as people see it, and so is its thumbnail", async () => {
    const { id } = await upload([
      await sharp(await photo(400, 300))
        .withMetadata({ orientation: 6 })
        .jpeg()
        .toBuffer(),
    ]);
    expect(await prisma().image.findUniqueOrThrow({ where: { id } })).toMatchObject({ width: 300, height: 400 });
    const { thumbnailKey } = await getSourceImage(await userContext(world), { ...ref(), imageId: id });
    expect(await sharp(await blobStore().get(thumbnailKey)).metadata()).toMatchObject({ width: 192, height: 256 });
  });

  it("is added once, however often and by however many it is sent", async () => {
    const bytes = await photo(64, 48);
    const first = await upload([bytes], { fileName: "first.jpg", label: "cat" });
    expect(await upload([bytes], { fileName: "second.jpg", label: "dog", split: "TEST" })).toEqual({
      id: first.id,
      duplicate: true,
    });
    const other = await photo(64, 48, 2);
    const answers = await Promise.all(Array.from({ length: 6 }, () => upload([other])));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(
      await prisma().image.findMany({
        where: { projectId: project.id },
        select: { fileName: true, label: true },
        orderBy: { id: "asc" },
      }),
    ).toEqual([
      { fileName: "first.jpg", label: "cat" },
      { fileName: "a.jpg", label: null },
    ]);
    expect(await keys()).toHaveLength(4);
    expect(readdirSync(scratch)).toEqual([]);
  });

  it("of another project is another image", async () => {
    const bytes = await photo(64, 48);
    const first = await upload([bytes]);
    project = await buildProject(world);
    expect(await upload([bytes])).toMatchObject({ duplicate: false });
    expect((await keys()).some((key) => key.includes(first.id))).toBe(false);
  });

  it.each([
    "../../../etc/passwd",
    "/etc/passwd",
    "..\\..\\a.png",
    "a\0b.png",
    "..",
    ".",
    "",
    "\u202Egnp.exe",
    "a\nb.png",
    "\uD800.png",
    `${"x".repeat(4096)}.png`,
  ])("called %j lies under its id all the same", async (fileName) => {
    const { id } = await upload([await photo(16, 16, 3)], { fileName });
    const row = await prisma().image.findUniqueOrThrow({ where: { id } });
    expect(row.fileName).toMatch(/^[^/\\\p{C}]{1,255}$/u);
    expect(await keys()).toEqual([`projects/${project.id}/images/${id}`, `projects/${project.id}/thumbs/${id}`]);
  });
});

describe("refused, leaving nothing anywhere,", () => {
  const refusals: [string, () => Promise<Buffer> | Buffer, RegExp][] = [
    ["a photo of a telephone", () => Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic"), /^HEIC files.*Most Compatible/],
    [
      "an SVG",
      () =>
        Buffer.from(
          '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><image href="file:///etc/passwd"/></svg>',
        ),
      /^SVG files/,
    ],
    ["a PDF", () => Buffer.from("%PDF-1.7\n%âãÏÓ\n"), /^PDF files/],
    ["text", () => Buffer.from("not an image"), /not an image/],
    ["an empty file", () => Buffer.alloc(0), /not an image/],
    ["a JPEG that is cut short", async () => (await photo(320, 240)).subarray(0, 8_000), /cut short: about/],
    [
      "a PNG that is cut short",
      async () =>
        (
          await sharp(await photo(320, 240))
            .png()
            .toBuffer()
        ).subarray(0, 8_000),
      /broken/,
    ],
    ["a decompression bomb", () => bomb(30_000), /900 megapixels; at most 50/],
  ];
  it.each(refusals)("is %s", async (_what, make, sentence) => {
    const bytes = await make();
    await expect(upload([bytes])).rejects.toMatchObject({
      code: "unreadable_image",
      publicMessage: expect.stringMatching(sentence),
    });
    await expectNothing();
  });

  it("is told with a word for pages in other languages", async () => {
    await expect(upload([Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic")])).rejects.toMatchObject({
      details: { reason: "heic" },
    });
    await expect(upload([(await photo(320, 240)).subarray(0, 8_000)])).rejects.toMatchObject({
      details: { reason: "cutShort", percent: expect.any(Number) },
    });
  });

  it("is an image over the limit, and no more of it is read than shows that", async () => {
    let sent = 0;
    async function* endless() {
      for (;;) {
        sent += 1024 ** 2;
        yield randomBytes(1024 ** 2);
      }
    }
    await expect(upload(endless())).rejects.toMatchObject({
      code: "payload_too_large",
      publicMessage: expect.stringContaining("larger than 20 MB"),
      details: { limitMegabytes: 20 },
    });
    expect(sent).toBeLessThanOrEqual(23 * 1024 ** 2);
    await expectNothing();
  });

  it("is one whose sender breaks off", async () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent++ === 0) controller.enqueue(randomBytes(100_000));
        else controller.error(new Error("aborted"));
      },
    });
    let sent = 0;
    const request = new Request("http://test/", { method: "POST", body, duplex: "half" } as RequestInit);
    await expect(upload(readImageBody(request))).rejects.toMatchObject({
      code: brokenOff().code,
      publicMessage: expect.stringContaining("broke off"),
    });
    await expectNothing();
  });

  it("is an image with a class where images have none, or with none that could be one", async () => {
    await expect(upload([await photo(8, 8)], { label: "a\nb" })).rejects.toMatchObject({
      code: "invalid_input",
      details: { field: "label" },
    });
    project = await buildProject(world, { type: "OBJECT_DETECTION" });
    await expect(upload([await photo(8, 8)], { label: "cat" })).rejects.toMatchObject({
      code: "invalid_input",
      details: { field: "labels" },
    });
    await expectNothing();
  });

  it("is whatever strangers and viewers send, unread", async () => {
    let asked = false;
    async function* bytes() {
      asked = true;
      yield await photo(8, 8);
    }
    const viewer = await userContext(world, { user: await buildMember(world, "VIEWER"), role: "VIEWER" });
    const stranger = await userContext(await buildWorld());
    await expect(uploadImage(viewer, ref(), bytes(), facts)).rejects.toMatchObject({ code: "forbidden" });
    await expect(uploadImage(stranger, ref(), bytes(), facts)).rejects.toMatchObject({ code: "not_found" });
    await expect(
      uploadImage(stranger, { ...ref(), workspaceSlug: stranger.actor.memberships[0]!.slug }, bytes(), facts),
    ).rejects.toMatchObject({ code: "not_found" });
    await trashProject(await userContext(world), ref());
    await expect(upload(bytes())).rejects.toMatchObject({ code: "in_trash" });
    expect(asked).toBe(false);
    await expectNothing();
  });
});

test("an upload that its project's way to Trash overtakes leaves nothing", async () => {
  const ctx = await userContext(world);
  const bytes = await photo(64, 48);
  const [, refusal] = await raceAt(
    ["projects", project],
    [() => trashProject(ctx, ref()), () => upload([bytes]).catch((error: unknown) => error)],
  );
  expect(refusal).toMatchObject({ code: "in_trash" });
  await expectNothing();
});

test("an upload whose connection to the database breaks leaves nothing", async () => {
  const bytes = await photo(64, 48);
  const [failure] = await raceAt(["projects", project], [() => upload([bytes]).catch((error: unknown) => error)], () =>
    query(
      {
        text: "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      },
      [],
    ),
  );
  expect(failure).toBeInstanceOf(Error);
  await expectNothing();
});

test("an upload that was first goes to Trash with its project", async () => {
  const ctx = await userContext(world);
  await upload([await photo(48, 64)]); // this process may write by then
  const bytes = await photo(64, 48);
  const [added] = await raceAt(["projects", project], [() => upload([bytes]), () => trashProject(ctx, ref())]);
  expect(added).toMatchObject({ duplicate: false });
  expect(await keys()).toHaveLength(4);
});

describe("an image whose bytes wait in Trash", () => {
  const forever = new AbortController().signal;
  const purge = async (removal: { id: string }) =>
    purgeItem(
      await userContext(world),
      { workspaceSlug: world.workspace.slug, type: "IMAGES", id: removal.id },
      forever,
    );
  async function trash(id: string): Promise<{ id: string }> {
    const result = await trashImages(await userContext(world), { ...ref(), images: { imageIds: [id] } });
    if (result.outcome !== "trashed") throw new Error(result.outcome);
    return result;
  }
  const rowOf = (id: string) => prisma().image.findUnique({ where: { id } });

  it("is back as it was once they are sent again, and says so; sent by many at once it is back once", async () => {
    const bytes = await photo(64, 48);
    const { id } = await upload([bytes], { fileName: "first.jpg", label: "cat", split: "TEST" });
    const before = await rowOf(id);
    await trash(id);
    const again = { fileName: "second.jpg", label: "dog", split: "VALID" } as const;
    expect(await upload([bytes], again)).toEqual({ id, duplicate: true, restored: true });
    expect([await rowOf(id), (await keys()).length]).toEqual([before, 2]);
    expect(await upload([bytes], again)).toEqual({ id, duplicate: true });
    await trash(id);
    const answers = await Promise.all(Array.from({ length: 4 }, () => upload([bytes])));
    expect(answers.filter(({ restored }) => restored)).toHaveLength(1);
    expect([await rowOf(id), (await keys()).length, readdirSync(scratch)]).toEqual([before, 2, []]);
  });

  it("is another one once they were purged, be that while they are being sent, and no eraser takes it for the first", async () => {
    const bytes = await photo(64, 48);
    const { id } = await upload([bytes]);
    const removal = await trash(id);
    // it has looked, found the one in Trash, and waits for its row, which a purge takes away meanwhile
    const [, added] = await raceAt(["images", { id }], [() => purge(removal), () => upload([bytes])]);
    expect(added).toMatchObject({ duplicate: false });
    expect(added.id).not.toBe(id);
    expect(await keys()).toHaveLength(4);
    await prisma().purgeReceipt.updateMany({ data: { writersUntil: null } }); // as time does
    expect(await eraseFiles(await systemContext("erase-files"), forever)).toEqual({ verified: 1, postponed: 0 });
    const { receipts } = await listReceipts(await userContext(world), {
      workspaceSlug: world.workspace.slug,
      limit: 1,
    });
    expect(receipts[0]).toMatchObject({ sourceImages: 1, removedFiles: 2, missingFiles: 0, lateFiles: 0 });
    expect(await keys()).toEqual([sourceImageKey(project.id, added.id), expect.stringContaining(added.id)]);
    const source = await getSourceImage(await userContext(world), { ...ref(), imageId: added.id });
    expect(await blobStore().get(source.key)).toEqual(bytes);
  });
});

/** A PNG of a few kilobytes that would be `side` × `side` pixels of black. */
function bomb(side: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1; // one bit a pixel, grey
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc((side / 8 + 1) * side), { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

test("a batch of images is one event in the log, with how many were added, and those that were there already are not", async () => {
  const images = await Promise.all([16, 17, 18, 19].map((side) => photo(side, side)));
  await Promise.all(images.map((bytes) => upload([bytes])));
  await upload([images[0]!]);
  expect(
    await prisma().auditEvent.findMany({
      where: { workspaceId: world.workspace.id },
      select: { action: true, targetType: true, targetId: true, details: true },
    }),
  ).toEqual([
    {
      action: "image.uploaded",
      targetType: "project",
      targetId: project.id,
      details: { images: 4, until: expect.any(String) },
    },
  ]);
});
