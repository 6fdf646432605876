import { writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { restoreVersion, trashVersion } from "@/lib/domain/trash";
import { versionPrefix } from "@/lib/domain/grants";
import { blobStore } from "@/lib/platform/blob-store";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { storeFolder, trashedVersionRef, versionRef } from "@/lib/testing/lifecycle";
import { buildRealVersion } from "@/lib/testing/real-version";
import { verifyVersionFiles } from "./files";
import { manifestPath } from "@/lib/engine/manifest";
import { storeFile } from "@/lib/testing/store-file";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";

leavesBroken("it spoils the files that are to be found spoilt");

let world: World;
let project: { id: string; slug: string };
let version: { id: string; number: number };

beforeAll(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await buildRealVersion(world, project, { images: 10 });
});

const verify = async () => verifyVersionFiles(await userContext(world), versionRef(world, project, version));

test("a restored version has the same manifest and the same bytes", async () => {
  const before = await verify();
  expect(before).toMatchObject({ ok: true, files: 10, problems: [] });
  const ctx = await userContext(world);
  await trashVersion(ctx, versionRef(world, project, version));
  expect(await verify()).toEqual(before);
  await restoreVersion(ctx, trashedVersionRef(world, project, version));
  expect(await verify()).toEqual(before);
});

test("one changed byte, a missing file and a changed manifest are each found", async () => {
  const prefix = versionPrefix(version.id);
  const keys: string[] = [];
  for await (const { key } of blobStore().list(`${prefix}images/`)) keys.push(key);
  const [image, missing] = keys.sort();
  const bytes = await blobStore().get(image!);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(`${storeFolder()}/${image}`, bytes);
  await blobStore().remove([missing!]);
  const found = await verify();
  expect(found.ok).toBe(false);
  expect(found.problems).toEqual([expect.stringContaining("was changed"), expect.stringContaining("is missing")]);

  const manifest = `${prefix}${manifestPath(found.manifestHash!)}`;
  await storeFile(manifest, Buffer.concat([await blobStore().get(manifest), Buffer.from(" ")]));
  expect(await verify()).toMatchObject({
    ok: false,
    problems: [expect.stringContaining("not the one that was written")],
  });
});
