import { beforeEach, expect, it } from "vitest";
import { trashAnswer } from "@/lib/doors/trash/schemas";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildImages, buildProject, buildWorld } from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { call } from "./_test/call-api";

/* What the official client sends to remove images, and reads; and how they come back, which it cannot ask for. */

let key: string;
let slug: string;
let project: Awaited<ReturnType<typeof buildProject>>;
let path: string;
let ids: string[];

beforeEach(async () => {
  const world = await buildWorld();
  key = await buildApiKey(world);
  slug = world.workspace.slug;
  project = await buildProject(world, { name: "Digits" });
  path = `/${slug}/${project.slug}`;
  ids = await buildImages(project, 4);
});

const remove = (images: unknown, query = "") => call("DELETE", `${path}/images${query}`, { key, json: { images } });
const restore = (body: Record<string, unknown>) =>
  call("POST", `/${slug}/trash/restore`, { key, json: { type: "images", ...body } });
const trash = async (query = "") => trashAnswer.parse((await call("GET", `/${slug}/trash${query}`, { key })).body);
const images = async () => ((await call("GET", path, { key })).body as { project: { images: number } }).project.images;

it("project.delete_images: 204 without a body, and they are gone from every count; a second time as well", async () => {
  expect(await remove([ids[0], ids[1]], "?reason=blurred")).toMatchObject({ status: 204, body: null });
  expect(await images()).toBe(2);
  const before = await trash();
  expect(await remove([ids[0]])).toMatchObject({ status: 204 });
  expect(await trash()).toEqual(before);
  expect(before.items).toMatchObject([
    {
      ...{ type: "images", name: "2 images of Digits", images: 2, reason: "blurred", deletedWithKey: "test" },
      ...{ parentId: project.id, parentUrl: project.slug, parentName: "Digits" },
    },
  ]);
  expect(before.sections).toEqual({ projects: [], versions: [], trainings: [], images: before.items, workflows: [] });
  expect((await trash("?type=images")).items).toEqual(before.items);
});

it.each([
  [["no-such-image"], 404, /no such images/],
  [[], 400, /must name an image/],
  [[1], 400, /must be an image's id/],
  ["x", 400, /must be a list/],
  [undefined, 400, /is missing/],
])("refuses %j with %i and a string for an error, which the client raises", async (given, status, sentence) => {
  const answer = await remove(given);
  expect(answer).toMatchObject({ status, body: { error: expect.stringMatching(sentence) } });
  expect(await images()).toBe(4);
});

it("workspace.delete_images and the command line: 200 with the counts that each of them reads", async () => {
  const answer = await call("DELETE", `/${slug}/images`, { key, json: { images: [ids[0], ids[1], "none"] } });
  expect(answer).toMatchObject({
    status: 200,
    body: { deleted: 2, skipped: 1, deletedSources: 2, skippedSources: 1, items: [{ name: "2 images of Digits" }] },
  });
  expect(await call("DELETE", `/${slug}/images`, { key, json: { images: ["none"] } })).toMatchObject({
    status: 200,
    body: { deleted: 0, skipped: 1, items: [] },
  });
});

it("restores all of them or some, once, and says how many stay", async () => {
  await remove(ids);
  const { id } = (await trash()).items[0]!;
  expect(await restore({ id, images: [ids[0], "none"] })).toMatchObject({
    status: 200,
    body: { restored: true, type: "images", id, images: 1, left: 3 },
  });
  expect(await restore({ id, images: [ids[0]] })).toMatchObject({ status: 404, body: { code: "not_in_trash" } });
  expect(await restore({ id })).toMatchObject({ status: 200, body: { images: 3, left: 0 } });
  expect(await restore({ id })).toMatchObject({ status: 404, body: { code: "not_in_trash" } });
  expect(await restore({ id: "no-such-item" })).toMatchObject({ status: 404, body: { code: "not_found" } });
  expect([await images(), (await trash()).items]).toEqual([4, []]);
});

it("while their project is in Trash they are 409, and none of it is removed", async () => {
  await remove([ids[0]]);
  const { id } = (await trash()).items[0]!;
  await call("DELETE", path, { key });
  expect(await restore({ id })).toMatchObject({ status: 409, body: { code: "parent_in_trash" } });
  expect(await remove(ids)).toMatchObject({ status: 404, body: { code: "in_trash" } });
});

it("an upload of bytes that wait in Trash answers the duplicate that the client knows, and that it is restored", async () => {
  const upload = async () => {
    const form = new FormData();
    form.set("file", new Blob([new Uint8Array(await photo(24, 16, 5))]), "a.jpg");
    return call("POST", `/dataset/${project.slug}/upload`, { key, raw: form });
  };
  const { id } = (await upload()).body as { id: string };
  await remove([id]);
  expect(await upload()).toMatchObject({ status: 200, body: { duplicate: true, id, restored: true } });
  expect((await upload()).body).toEqual({ duplicate: true, id });
  expect(await prisma().image.findUniqueOrThrow({ where: { id } })).toMatchObject({ removalId: null });
});
