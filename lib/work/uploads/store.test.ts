import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { sourceImageKey } from "@/lib/domain/images";
import { trashProject } from "@/lib/domain/trash";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { UNBOUNDED } from "@/lib/testing/lifecycle";
import { buildMember, buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { startS3 } from "@/lib/testing/s3";
import { uploadImage } from "./images";
import { uploadSettings } from "./settings";
import { beginStoreUpload, completeStoreUpload, sweepStoreUploads } from "./store";
import { storeFile } from "@/lib/testing/store-file";

let scratch: string;
let s3: Awaited<ReturnType<typeof startS3>>;
let world: World;
let project: { id: string; slug: string };
const ref = () => ({ workspaceSlug: world.workspace.slug, projectSlug: project.slug });
const facts = { fileName: "a.jpg", split: null, label: null };

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "store-upload-"));
  s3 = await startS3(path.join(scratch, "s3"));
  Object.assign(process.env, {
    BLOB_STORE: s3.url("bucket/prefix"),
    UPLOADS: "store",
    AWS_ACCESS_KEY_ID: "S3RVER",
    AWS_SECRET_ACCESS_KEY: "S3RVER",
  });
});
afterAll(async () => {
  await s3.close();
  await rm(scratch, { recursive: true, force: true });
});
beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
});

async function keys(prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of blobStore().list(prefix)) found.push(key);
  return found.sort();
}

/** What a browser does: asks where to, and puts the file there. */
async function put(bytes: Buffer): Promise<string> {
  const { id, url, headers } = await beginStoreUpload(await userContext(world), ref(), {
    contentType: "image/jpeg",
    sizeBytes: bytes.length,
  });
  const answer = await fetch(url, { method: "PUT", headers, body: new Uint8Array(bytes) });
  expect(answer.status).toBe(200);
  return id;
}

test("a file that is put into the store and completed is an image like any other, and the upload is gone", async () => {
  expect(uploadSettings()).toMatchObject({ mode: "store", imageBytesMax: 20 * 1024 ** 2 });
  const bytes = await photo(300, 200);
  const upload = await put(bytes);
  expect(await keys("uploads/")).toEqual([`uploads/${project.id}/${upload}`]);
  const { id, duplicate } = await completeStoreUpload(await userContext(world), ref(), upload, {
    fileName: "cat.jpg",
    split: "TEST",
    label: "cat",
  });
  expect(duplicate).toBe(false);
  expect(await prisma().image.findUniqueOrThrow({ where: { id } })).toMatchObject({
    width: 300,
    height: 200,
    fileName: "cat.jpg",
    split: "TEST",
    label: "cat",
  });
  expect(await blobStore().get(sourceImageKey(project.id, id))).toEqual(bytes);
  expect(await keys(`projects/${project.id}/`)).toHaveLength(2);
  expect(await keys("uploads/")).toEqual([]);
  await expect(completeStoreUpload(await userContext(world), ref(), upload, facts)).rejects.toMatchObject({
    code: "not_found",
  });
  expect(await completeStoreUpload(await userContext(world), ref(), await put(bytes), facts)).toEqual({
    id,
    duplicate: true,
  });
});

test("images that the server is sent itself lie in the object store as well", async () => {
  const bytes = await photo(64, 48);
  const { id } = await uploadImage(await userContext(world), ref(), [bytes], facts);
  expect(await blobStore().get(sourceImageKey(project.id, id))).toEqual(bytes);
});

test("the URL allows that key, that type and that many bytes, for ten minutes", async () => {
  const ctx = await userContext(world);
  const { id, url, headers, expiresAt } = await beginStoreUpload(ctx, ref(), {
    contentType: "image/png",
    sizeBytes: 1234,
  });
  const { pathname, searchParams } = new URL(url);
  expect(pathname).toBe(`/bucket/prefix/uploads/${project.id}/${id}`);
  expect(searchParams.get("X-Amz-SignedHeaders")).toBe("content-length;content-type;host");
  expect(searchParams.get("X-Amz-Expires")).toBe("600");
  expect(headers).toEqual({ "Content-Type": "image/png" });
  expect(expiresAt.getTime() - ctx.now.getTime()).toBeGreaterThanOrEqual(600_000); // of a grant given just now
  expect(expiresAt.getTime() - ctx.now.getTime()).toBeLessThan(610_000);
});

test("what is no image, or too large, is refused before or after, and does not stay", async () => {
  const ctx = await userContext(world);
  await expect(
    beginStoreUpload(ctx, ref(), { contentType: "image/jpeg", sizeBytes: 20 * 1024 ** 2 + 1 }),
  ).rejects.toMatchObject({ code: "payload_too_large" });
  await expect(beginStoreUpload(ctx, ref(), { contentType: "text/html", sizeBytes: 10 })).rejects.toMatchObject({
    code: "unreadable_image",
  });
  const upload = await put(Buffer.from("<html>"));
  await expect(completeStoreUpload(ctx, ref(), upload, facts)).rejects.toMatchObject({ code: "unreadable_image" });
  expect([await keys("uploads/"), await keys(`projects/${project.id}/`)]).toEqual([[], []]);
});

test("an upload can be completed only where it was begun, by those who may", async () => {
  const upload = await put(await photo(64, 48, 2));
  const stranger = await buildWorld();
  const theirs = { workspaceSlug: stranger.workspace.slug, projectSlug: (await buildProject(stranger)).slug };
  await expect(completeStoreUpload(await userContext(stranger), theirs, upload, facts)).rejects.toMatchObject({
    code: "not_found",
  });
  await expect(completeStoreUpload(await userContext(stranger), ref(), upload, facts)).rejects.toMatchObject({
    code: "not_found",
  });
  const viewer = await userContext(world, { user: await buildMember(world, "VIEWER"), role: "VIEWER" });
  await expect(completeStoreUpload(viewer, ref(), upload, facts)).rejects.toMatchObject({ code: "forbidden" });
  await expect(beginStoreUpload(viewer, ref(), { contentType: "image/png", sizeBytes: 1 })).rejects.toMatchObject({
    code: "forbidden",
  });
  await trashProject(await userContext(world), ref());
  await expect(completeStoreUpload(await userContext(world), ref(), upload, facts)).rejects.toMatchObject({
    code: "in_trash",
  });
});

test("uploads that nobody completed go after an hour, and no sooner", async () => {
  await sweepStoreUploads(await systemContext("test", { now: new Date(Date.now() + 86_400_000) }), UNBOUNDED);
  const upload = await put(Buffer.from("left"));
  const kept = `projects/${project.id}/images/x`;
  await storeFile(kept, Buffer.from("x"));
  expect(await sweepStoreUploads(await systemContext("test"), UNBOUNDED)).toBe(0);
  expect(await keys("uploads/")).toEqual([`uploads/${project.id}/${upload}`]);
  expect(
    await sweepStoreUploads(await systemContext("test", { now: new Date(Date.now() + 61 * 60_000) }), UNBOUNDED),
  ).toBe(1);
  expect([await keys("uploads/"), await keys(`projects/${project.id}/`)]).toEqual([[], [kept]]);
});
