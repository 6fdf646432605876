import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { createVersion } from "@/lib/domain/generation";
import { addImage } from "@/lib/domain/images";
import { restoreVersion, trashVersion } from "@/lib/domain/trash";
import { getUsage } from "@/lib/domain/usage";
import { getVersion } from "@/lib/domain/versions";
import { versionPrefix } from "@/lib/domain/version-writer";
import { readDigits } from "@/lib/engine/digits";
import { blobStore } from "@/lib/platform/blob-store";
import { databaseNow, query } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { generateVersionFiles, verifyVersionFiles } from "./version-files";

let world: World;
let project: { id: string; slug: string };

beforeAll(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  const ctx = await userContext(world);
  for (const { fileName, label, png } of await readDigits(10)) {
    await addImage(ctx, ref(), { fileName, contentType: "image/png", width: 28, height: 28, split: "TRAIN", label, bytes: png });
  }
});

const ref = () => ({ workspaceSlug: world.workspace.slug, projectSlug: project.slug });

async function create(seed: number): Promise<{ id: string; number: number }> {
  const ctx = await userContext(world, { now: await databaseNow() });
  const settings = { preprocessing: { resize: { width: 16, height: 16, format: "Stretch to" } }, augmentation: { image: { versions: 2 }, rotate: { degrees: 15 }, noise: { percent: 5 } } };
  return createVersion(ctx, { ...ref(), name: `seed ${seed}`, seed, ...settings, images: 20 });
}

async function generate(seed: number): Promise<number> {
  const version = await create(seed);
  expect(await generateVersionFiles(await systemContext("test"), version.id)).toBe(true);
  return version.number;
}

const verify = async (number: number) => verifyVersionFiles(await userContext(world), { ...ref(), number });

async function keysUnder(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blobStore().list(prefix)) keys.push(key);
  return keys;
}

test("a generated version is ready, with its counts, and every file is as the manifest says", async () => {
  const number = await generate(1);
  const version = await getVersion(await userContext(world), { ...ref(), number });
  expect(version).toMatchObject({ status: "READY", progress: 1, images: 20, splits: { train: 20, valid: 0, test: 0 }, classes: { "0": 2, "9": 2 } });
  expect(await verify(number)).toMatchObject({ ok: true, files: 20, problems: [] });
});

test("the same images, settings and seed give the same manifest, another seed gives another", async () => {
  const [first, again, other] = [await verify(await generate(7)), await verify(await generate(7)), await verify(await generate(8))];
  expect(again.manifestHash).toBe(first.manifestHash);
  expect(other.manifestHash).not.toBe(first.manifestHash);
});

test("a restored version has the same manifest and the same bytes", async () => {
  const number = await generate(9);
  const before = await verify(number);
  const ctx = await userContext(world);
  await trashVersion(ctx, { ...ref(), number });
  expect(await verify(number)).toEqual(before);
  await restoreVersion(ctx, { workspaceSlug: world.workspace.slug, projectId: project.id, number });
  expect(await verify(number)).toEqual(before);
});

test("one changed byte, a missing file and a changed manifest are each found", async () => {
  const number = await generate(10);
  const [{ id }] = (await query<{ id: string }>({ name: "id", text: "select id from versions where number = $1" }, [number])) as [{ id: string }];
  const [image, missing] = (await keysUnder(`${versionPrefix(id)}images/`)).sort();
  const file = `${fileURLToPath(process.env["BLOB_STORE"]!)}/${image}`;
  const bytes = await blobStore().get(image!);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(file, bytes);
  await blobStore().remove([missing!]);
  const found = await verify(number);
  expect(found.ok).toBe(false);
  expect(found.problems).toEqual([expect.stringContaining("was changed"), expect.stringContaining("is missing")]);

  const manifest = `${versionPrefix(id)}manifest.json`;
  await blobStore().put(manifest, Buffer.concat([await blobStore().get(manifest), Buffer.from(" ")]));
  expect(await verify(number)).toMatchObject({ ok: false, problems: [expect.stringContaining("not the one that was written")] });
});

test("a version trashed before its generator runs stays failed, counts nothing, and leaves no file", async () => {
  const { id, number } = await create(11);
  const before = await getUsage(await userContext(world), world.workspace.slug);
  await trashVersion(await userContext(world), { ...ref(), number });
  expect(await generateVersionFiles(await systemContext("test"), id)).toBe(false);
  await restoreVersion(await userContext(world), { workspaceSlug: world.workspace.slug, projectId: project.id, number });
  await expect(getVersion(await userContext(world), { ...ref(), number })).rejects.toMatchObject({ code: "generation_failed" });
  const after = await getUsage(await userContext(world), world.workspace.slug);
  expect(before.usedImages - after.usedImages).toBe(20);
  expect(await keysUnder(versionPrefix(id))).toEqual([]);
});

test("a source image that cannot be read fails the generation with its reason and leaves no file", async () => {
  const other = await buildWorld();
  const broken = await buildProject(other);
  const ctx = await userContext(other);
  const place = { workspaceSlug: other.workspace.slug, projectSlug: broken.slug };
  await addImage(ctx, place, { fileName: "x.png", contentType: "image/png", width: 1, height: 1, split: "TRAIN", label: null, bytes: Buffer.from("no image") });
  const version = await createVersion({ ...ctx, now: await databaseNow() }, { ...place, name: "v", seed: 1, preprocessing: {}, augmentation: {}, images: 1 });
  await expect(generateVersionFiles(await systemContext("test"), version.id)).rejects.toThrow();
  await expect(getVersion(ctx, { ...place, number: version.number })).rejects.toMatchObject({ code: "generation_failed" });
  expect((await getUsage(ctx, other.workspace.slug)).usedImages).toBe(0);
  expect(await keysUnder(versionPrefix(version.id))).toEqual([]);
});
