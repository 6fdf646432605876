import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { blobStore } from "@/lib/platform/blob-store";
import { buildProject, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { systemContext } from "@/lib/domain/context";
import { eraseFiles, purgeItem, restoreVersion, trashVersion } from "@/lib/domain/trash";
import { versionPrefix } from "@/lib/domain/grants";
import { takeThumbnailsGrant } from "@/lib/domain/versions";
import { storeFile } from "@/lib/testing/store-file";
import { GrantLost, openWriter } from "./writer";

const forever = AbortSignal.timeout(60_000);

const openVersionWriter = async (versionId: string, { leaseMs = 60_000 } = {}) =>
  openWriter(await takeThumbnailsGrant(versionId, Math.max(leaseMs, 1_000)), { leaseMs });

async function keysUnder(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blobStore().list(prefix)) keys.push(key);
  return keys;
}

test("a writer paused past the purge and resumed leaves nothing behind, and the receipt is not verified before its grant is over", async () => {
  const world = await buildWorld();
  const project = await buildProject(world);
  const version = await buildVersion(world, project);
  const ctx = await userContext(world);
  const second = await connectSecond();
  await storeFile("versions/another/keep.txt", Buffer.from("a neighbour's"));

  const child = spawn(process.execPath, ["--import", "tsx", "lib/testing/endless-writer.ts", version.id, "2000"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("writing");
    child.kill("SIGSTOP");

    await trashVersion(ctx, { workspaceSlug: world.workspace.slug, projectSlug: project.slug, number: version.number });
    await purgeItem(ctx, { workspaceSlug: world.workspace.slug, type: "VERSION", id: version.id }, forever);
    expect(await eraseFiles(await systemContext("test"), forever)).toEqual({ verified: 0, postponed: 1 });

    const [receipt] = await second.query<{ verified_at: Date | null; next_attempt_at: Date; writers_until: Date }>(
      "select * from purge_receipts",
    );
    expect(receipt!.verified_at).toBeNull();
    expect(receipt!.next_attempt_at.getTime()).toBeGreaterThanOrEqual(receipt!.writers_until.getTime());

    // The grant runs out while the writer stands still; then the prefix is proved empty …
    await second.query(
      "select pg_sleep(greatest(0, extract(epoch from writers_until - clock_timestamp()) + 0.05)) from purge_receipts",
    );
    expect(await eraseFiles(await systemContext("test"), forever)).toEqual({ verified: 1, postponed: 0 });

    // … and the writer wakes up.
    child.kill("SIGCONT");
    expect((await lines.next()).value).toBe("lost");
    await once(child, "exit");
    expect(await keysUnder(versionPrefix(version.id))).toEqual([]);
    expect(await keysUnder("versions/another/")).toEqual(["versions/another/keep.txt"]);
    await blobStore().removePrefix("versions/another/");
  } finally {
    child.kill("SIGKILL");
    await second.end();
  }
});

test("a writer stops when its version goes to Trash, and may write again after the restore", async () => {
  const world = await buildWorld();
  const project = await buildProject(world);
  const version = await buildVersion(world, project);
  const ctx = await userContext(world);
  const writer = await openVersionWriter(version.id, { leaseMs: 0 }); // asks before every file
  await writer.put("images/train/a.png", Buffer.from("a"));

  await trashVersion(ctx, { workspaceSlug: world.workspace.slug, projectSlug: project.slug, number: version.number });
  await expect(writer.put("images/train/b.png", Buffer.from("b"))).rejects.toThrow(GrantLost);
  await expect(openVersionWriter(version.id)).rejects.toThrow(GrantLost);
  expect(await keysUnder(versionPrefix(version.id))).toEqual([`versions/${version.id}/images/train/a.png`]);

  await restoreVersion(ctx, { workspaceSlug: world.workspace.slug, projectId: project.id, number: version.number });
  await (await openVersionWriter(version.id)).put("images/train/b.png", Buffer.from("b"));
  expect(await keysUnder(versionPrefix(version.id))).toHaveLength(2);
});

test("a stream is published whole, with its size, and only while the version is live to its very end", async () => {
  const world = await buildWorld();
  const project = await buildProject(world);
  const version = await buildVersion(world, project);
  const ctx = await userContext(world);
  const writer = await openVersionWriter(version.id);
  expect(await writer.put("exports/a.zip", Readable.from([Buffer.from("first "), Buffer.from("second")]))).toEqual({
    sizeBytes: 12,
  });
  expect(String(await blobStore().get(`versions/${version.id}/exports/a.zip`))).toBe("first second");

  async function* trashedMeanwhile() {
    yield Buffer.from("all there is");
    await trashVersion(ctx, { workspaceSlug: world.workspace.slug, projectSlug: project.slug, number: version.number });
  }
  await expect(writer.put("exports/b.zip", Readable.from(trashedMeanwhile()))).rejects.toThrow(GrantLost);
  expect(await keysUnder(versionPrefix(version.id))).toEqual([`versions/${version.id}/exports/a.zip`]);
});

test("a stream that goes on and on is cut off soon after its version went to Trash", async () => {
  const world = await buildWorld();
  const project = await buildProject(world);
  const version = await buildVersion(world, project);
  const writer = await openVersionWriter(version.id, { leaseMs: 200 });
  const endless = new PassThrough(); // nobody ever writes to it
  const put = writer.put("exports/a.zip", endless);
  put.catch(() => {});
  await trashVersion(await userContext(world), {
    workspaceSlug: world.workspace.slug,
    projectSlug: project.slug,
    number: version.number,
  });
  await expect(put).rejects.toThrow(GrantLost);
  expect(endless.destroyed).toBe(true);
  expect(await keysUnder(versionPrefix(version.id))).toEqual([]);
});

test("a stream that fails, even before the store reads it, fails the put with its own error and publishes nothing", async () => {
  const world = await buildWorld();
  const version = await buildVersion(world, await buildProject(world));
  const writer = await openVersionWriter(version.id);
  const broken = new PassThrough();
  const put = writer.put("exports/a.zip", broken);
  broken.destroy(new Error("the source broke"));
  await expect(put).rejects.toThrow("the source broke");
  expect(await keysUnder(versionPrefix(version.id))).toEqual([]);
});
