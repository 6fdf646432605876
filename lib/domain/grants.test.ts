import { existsSync } from "node:fs";
import path from "node:path";
import { beforeEach, expect, test } from "vitest";
import { prisma, query, transaction } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { itemRef, storeFolder, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { systemContext } from "./context";
import { DomainError } from "./errors";
import {
  endGrant,
  forgetGrant,
  holdGrant,
  isAlone,
  makeMissingRoots,
  renewGrant,
  seizeOverGrants,
  takeGrant,
  versionPrefix,
  withRoot,
} from "./grants";
import { purgeItem, trashVersion } from "./trash";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof buildVersion>>;
beforeEach(async () => {
  await query({ text: "delete from grants" }, []);
  world = await buildWorld();
  project = await buildProject(world);
  version = await buildVersion(world, project);
});

const take = (leaseMs = 60_000, holder: "EXPORT" | "THUMBNAILS" = "THUMBNAILS") =>
  transaction((tx) =>
    takeGrant(
      tx,
      newId(),
      holder,
      { workspaceId: world.workspace.id, projectId: project.id, versionId: version.id },
      leaseMs,
    ),
  );
const passTime = () => query({ text: "update grants set until = now() - interval '1 second'" }, []);

test("a grant runs from an instant of the database's clock to another, and renewing never shortens it", async () => {
  const grant = await take();
  expect(grant.root).toBe(versionPrefix(version.id));
  expect(Math.round((grant.until.getTime() - grant.from.getTime()) / 100)).toBe(600); // each to the millisecond
  expect((await renewGrant(grant.id, 1_000))!.until).toEqual(grant.until);
  expect((await renewGrant(grant.id, 120_000))!.until.getTime()).toBeGreaterThan(grant.until.getTime());
});

test("a renewal that waits while the version is purged is refused: the purge took its row", async () => {
  const grant = await take();
  const second = await connectSecond();
  try {
    await trashVersion(await userContext(world), versionRef(world, project, version));
    // as seen by the renewal the version is live: it is asked on a row that a purge has locked
    await query(
      {
        text: "update versions set deleted_at = null, deleted_by_id = null, purge_after = null, trashed_bytes = null where id = $1",
      },
      [version.id],
    );
    await second.query("begin");
    await second.query("delete from grants where id = $1", [grant.id]);
    const renewal = renewGrant(grant.id, 60_000);
    await second.untilWaiting(1);
    await second.query("commit");
    expect(await renewal).toBeNull();
  } finally {
    await second.end();
  }
});

test("a purge ends every grant of its item and waits with the proof for the last of them", async () => {
  const [first, last] = [await take(10_000), await take(90_000)];
  await trashVersion(await userContext(world), versionRef(world, project, version));
  await purgeItem(await userContext(world), itemRef(world, "VERSION", version), UNBOUNDED);
  const { writersUntil } = await prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: version.id } });
  expect(writersUntil).toEqual(last.until);
  for (const { id } of [first, last]) expect(await renewGrant(id, 60_000)).toBeNull();
});

test("once it is ended, nothing is named under a grant; a transaction that holds it is waited for", async () => {
  const grant = await take();
  const second = await connectSecond();
  try {
    await second.query("begin");
    await second.query("select id from grants where id = $1 for share", [grant.id]); // as holdGrant does
    const ending = endGrant(grant.id);
    await second.untilWaiting(1);
    await second.query("commit");
    expect(await ending).toMatchObject({ id: grant.id, holder: "THUMBNAILS", item: { versionId: version.id } });
  } finally {
    await second.end();
  }
  expect(await transaction((tx) => holdGrant(tx, grant.id))).toBe(false);
  expect(await renewGrant(grant.id, 60_000)).toBeNull();
});

test("what is over is seized once, after what may still be on its way; others at the same work keep it waiting", async () => {
  const ctx = await systemContext("test");
  const lost = await take();
  expect(await seizeOverGrants(ctx, { limit: 10, lateMs: 0 })).toEqual([]);
  await passTime();
  expect(await seizeOverGrants(ctx, { limit: 10, lateMs: 60_000 })).toEqual([]);
  expect((await seizeOverGrants(ctx, { limit: 10, lateMs: 0 })).map(({ id }) => id)).toEqual([lost.id]);
  expect(await seizeOverGrants(ctx, { limit: 10, lateMs: 0 })).toEqual([]);
  const [same] = [await take(), await take(60_000, "EXPORT")];
  expect(await isAlone(lost.id)).toBe(false);
  await forgetGrant(same.id);
  expect(await isAlone(lost.id)).toBe(true);
  await query({ text: "update versions set writers_until = now() + interval '1 minute' where id = $1" }, [version.id]);
  expect(await isAlone(lost.id)).toBe(false); // a process of a build before
});

test("an item that is refused leaves no folder, one that may be there keeps it; an item without one gets it by a migration", async () => {
  const there = (root: string) => existsSync(path.join(storeFolder(), root));
  const refuse = () => Promise.reject(new DomainError("busy", "No."));
  await expect(withRoot("versions/refused/", refuse)).rejects.toThrow(DomainError);
  await expect(withRoot("versions/unknown/", () => Promise.reject(new Error("connection lost")))).rejects.toThrow(
    "lost",
  );
  expect([there("versions/refused"), there("versions/unknown")]).toEqual([false, true]);
  const [user, id] = [world.owner.id, newId()];
  await prisma().project.create({
    data: {
      id,
      workspaceId: world.workspace.id,
      slug: id,
      name: "old",
      type: "CLASSIFICATION",
      annotation: "",
      createdById: user,
    },
  });
  await makeMissingRoots();
  expect(there(`projects/${id}`)).toBe(true);
});
