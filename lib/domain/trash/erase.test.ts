import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import {
  buildModel,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  userContext,
  type World,
} from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { checkInvariants } from "@/lib/testing/invariants";
import {
  itemRef,
  memberContext,
  outcomeOf,
  projectRef,
  storeFolder,
  trainingRef,
  trashedVersionRef,
  UNBOUNDED,
  usedImages,
  versionRef,
  writeFiles,
} from "@/lib/testing/lifecycle";
import { systemContext, type Context } from "@/lib/domain/context";
import { eraseFiles, lookAgain, lookAgainAtReceipt } from "./erase";
import { listReceipts } from "./receipt-list";
import { getReceipt } from "./receipts";
import { purgeItem, restoreVersion, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { renewGrant } from "@/lib/domain/grants";
import { takeThumbnailsGrant } from "@/lib/domain/versions";
import { GrantLost } from "@/lib/domain/writer";
import { storeFile } from "@/lib/testing/store-file";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";

leavesBroken("its files are written by hand, beside the rows");

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;
let job: Context;

beforeAll(() => mkdirSync(storeFolder(), { recursive: true }));
beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  owner = await userContext(world);
  job = await systemContext("erase-files");
});
// A run takes every workspace's receipts: none is left to the next test.
afterEach(() => prisma().purgeReceipt.deleteMany());

const folderOf = (version: { id: string }) => path.join(storeFolder(), "versions", version.id);
const erase = () => eraseFiles(job, UNBOUNDED);
const receiptOf = (item: { id: string }) => prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: item.id } });
/** Lets the time pass until the next attempt, and until the writers' leases are over. */
const passTime = () =>
  prisma()
    .$executeRaw`update purge_receipts set next_attempt_at = now() - interval '1 second', writers_until = least(writers_until, now() - interval '1 second') where verified_at is null`;

/** A version with `files` images and a manifest in the store, purged; its files are still to be removed. */
async function purgedVersion(files: number, options: { writersUntil?: Date } = {}) {
  const version = await buildVersion(world, project, { images: files, ...options });
  await prisma().version.update({ where: { id: version.id }, data: { files: files + 1, sizeBytes: files * 10 + 2 } });
  writeFiles(`versions/${version.id}/`, files);
  await trashVersion(owner, versionRef(world, project, version));
  await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
  return version;
}

/** Makes the store fail for one version: a link where its folder was. Answers how to repair it. */
function breakFolder(version: { id: string }): () => void {
  const aside = path.join(storeFolder(), `aside-${version.id}`);
  renameSync(folderOf(version), aside);
  symlinkSync(aside, folderOf(version));
  return () => {
    unlinkSync(folderOf(version));
    renameSync(aside, folderOf(version));
  };
}

describe("the files of a purged version", () => {
  test("stay until the purge has committed and go with the next pass, which proves it", async () => {
    const version = await purgedVersion(20);
    expect(readdirSync(path.join(folderOf(version), "images"))).toHaveLength(20);
    expect(await receiptOf(version)).toMatchObject({
      verifiedAt: null,
      removedFiles: 0,
      expectedFiles: 21,
      expectedBytes: 202n,
    });
    // whatever happens between the two, a restart included, there is no way back
    expect(await outcomeOf(restoreVersion(owner, trashedVersionRef(world, project, version)))).toBe("purged");

    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
    expect(existsSync(folderOf(version))).toBe(false);
    const receipt = await receiptOf(version);
    expect(receipt).toMatchObject({ removedFiles: 21, removedBytes: 202n, attempts: 1, lastError: null });
    expect(receipt.verifiedAt!.getTime()).toBeGreaterThanOrEqual(receipt.purgedAt.getTime());
    const { receipts } = await listReceipts(owner, { workspaceSlug: world.workspace.slug, limit: 10 });
    expect(receipts).toMatchObject([
      {
        id: receipt.id,
        itemType: "VERSION",
        itemId: version.id,
        images: 20,
        expectedFiles: 21,
        expectedBytes: 202,
        removedFiles: 21,
        removedBytes: 202,
        verifiedAt: receipt.verifiedAt,
        actorName: world.owner.name,
      },
    ]);
    expect(await erase()).toEqual({ verified: 0, postponed: 0 });
    expect(await receiptOf(version)).toEqual(receipt);
  });

  test("are not touched when the purge rolled back, nor while the version is in Trash", async () => {
    const version = await buildVersion(world, project);
    writeFiles(`versions/${version.id}/`, 3);
    await trashVersion(owner, versionRef(world, project, version));
    await prisma().$executeRawUnsafe(
      "create function broken() returns trigger language plpgsql as $$ begin raise exception 'disk full'; end $$",
    );
    await prisma().$executeRawUnsafe(
      "create trigger broken before insert on audit_events for each row execute function broken()",
    );
    await expect(purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED)).rejects.toThrow("disk full");
    await prisma().$executeRawUnsafe("drop function broken() cascade");
    expect(await erase()).toEqual({ verified: 0, postponed: 0 });
    expect(readdirSync(path.join(folderOf(version), "images"))).toHaveLength(3);
  });

  test.each([
    [
      "half of the images were gone before",
      5,
      (folder: string) => [0, 1, 2, 3, 4].forEach((i) => rmSync(path.join(folder, "images", `image-${i}.png`))),
    ],
    ["everything was gone before", 11, (folder: string) => rmSync(folder, { recursive: true })],
    ["only the manifest was gone before", 1, (folder: string) => rmSync(path.join(folder, "manifest.json"))],
  ])("are proven gone when %s, and the receipt counts what was really found", async (_what, missing, lose) => {
    const version = await purgedVersion(10);
    lose(folderOf(version));
    const used = await usedImages(world);
    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
    expect(await receiptOf(version)).toMatchObject({ expectedFiles: 11, removedFiles: 11 - missing });
    expect([existsSync(folderOf(version)), await usedImages(world)]).toEqual([false, used]);
  });

  test("go with everything else under their prefix, counted, and with nothing outside it", async () => {
    const version = await purgedVersion(4);
    const live = await buildVersion(world, project);
    const neighbours = [
      `versions/${live.id}/`,
      `versions/${version.id}0/`,
      `versions/${version.id.slice(0, -1)}/`,
      `projects/${project.id}/`,
      `exports/versions/${version.id}/`,
    ];
    for (const prefix of neighbours) writeFiles(prefix, 2);
    const before = Object.fromEntries(
      neighbours.map((prefix) => [prefix, readdirSync(path.join(storeFolder(), prefix), { recursive: true }).sort()]),
    );
    writeFiles(`versions/${version.id}/exports/zip/`, 2, "extra"); // 3 files more than the receipt expects
    writeFileSync(path.join(folderOf(version), ".tmp-unfinished"), "12345");

    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
    expect(existsSync(folderOf(version))).toBe(false);
    expect(await receiptOf(version)).toMatchObject({ expectedFiles: 5, removedFiles: 9 });
    expect(
      Object.fromEntries(
        neighbours.map((prefix) => [prefix, readdirSync(path.join(storeFolder(), prefix), { recursive: true }).sort()]),
      ),
    ).toEqual(before);
  });
});

test("the files of a purged training go, those of its version and of its other trainings stay", async () => {
  const version = await buildVersion(world, project);
  const [gone, kept] = [
    await buildTraining(world, version, { status: "FINISHED" }),
    await buildTraining(world, version, { status: "FINISHED" }),
  ];
  for (const training of [gone, kept]) {
    await buildModel(world, training);
    await storeFile(`versions/${version.id}/trainings/${training.id}/weights.bin`, Buffer.alloc(100));
  }
  writeFiles(`versions/${version.id}/`, 2);
  await trashTraining(owner, trainingRef(world, gone));
  await purgeItem(owner, itemRef(world, "TRAINING", gone), UNBOUNDED);
  expect(await erase()).toEqual({ verified: 1, postponed: 0 });
  expect(await receiptOf(gone)).toMatchObject({
    expectedFiles: 1,
    expectedBytes: 100n,
    removedFiles: 1,
    removedBytes: 100n,
  });
  expect(readdirSync(path.join(folderOf(version), "trainings"))).toEqual([kept.id]);
  expect(readdirSync(path.join(folderOf(version), "images"))).toHaveLength(2);
});

describe("a store that fails", () => {
  test("postpones its receipt with the reason, keeps nobody else waiting, and is tried again until it works", async () => {
    const [failing, fine] = [await purgedVersion(6), await purgedVersion(3)];
    const repair = breakFolder(failing);

    expect(await erase()).toEqual({ verified: 1, postponed: 1 });
    expect(await receiptOf(fine)).toMatchObject({ removedFiles: 4, verifiedAt: expect.any(Date) });
    const postponed = await receiptOf(failing);
    expect(postponed).toMatchObject({
      verifiedAt: null,
      attempts: 1,
      lastError: expect.stringMatching(/^Something is in the way where the files lie \(ELOOP\)\./),
    });
    expect(postponed.nextAttemptAt!.getTime()).toBeGreaterThan(Date.now());
    const [wakeUp] = await prisma().$queryRaw<
      { late: boolean }[]
    >`select start_after > now() as late from pgboss.job where name = 'erase-files' order by created_on desc limit 1`;
    expect(wakeUp).toEqual({ late: true });
    expect(await erase()).toEqual({ verified: 0, postponed: 0 }); // not before its time

    repair();
    await passTime();
    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
    expect(await receiptOf(failing)).toMatchObject({ removedFiles: 7, lastError: null, verifiedAt: expect.any(Date) });
    expect(existsSync(folderOf(failing))).toBe(false);
  });

  test("that is not there at all proves nothing, however empty it looks", async () => {
    const versions = [await purgedVersion(2), await purgedVersion(2)];
    renameSync(storeFolder(), `${storeFolder()}-unmounted`);
    expect(await erase()).toEqual({ verified: 0, postponed: 2 });
    for (const version of versions)
      expect(await receiptOf(version)).toMatchObject({
        verifiedAt: null,
        removedFiles: 0,
        lastError: expect.stringMatching(/^The store is not there \(NoSuchStore\)\./),
      });
    renameSync(`${storeFolder()}-unmounted`, storeFolder());
    await passTime();
    expect(await erase()).toEqual({ verified: 2, postponed: 0 });
    for (const version of versions) expect(existsSync(folderOf(version))).toBe(false);
  });

  test("is asked ever more rarely, at last every five minutes, and there is no last try", async () => {
    const version = await purgedVersion(1);
    const repair = breakFolder(version);
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 12; attempt++) {
      expect(await erase()).toEqual({ verified: 0, postponed: 1 });
      const [row] = await prisma().$queryRaw<
        { wait: number }[]
      >`select round(extract(epoch from next_attempt_at - now()))::int as wait from purge_receipts`;
      waits.push(row!.wait);
      await passTime();
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]);
    repair();
    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
  });
});

describe("a late writer", () => {
  test("that may still be alive delays the proof; what it published meanwhile goes in the next pass", async () => {
    const version = await purgedVersion(5, { writersUntil: new Date(Date.now() + 50_000) });
    expect(await erase()).toEqual({ verified: 0, postponed: 1 });
    expect(existsSync(folderOf(version))).toBe(false); // the files go at once, only the proof waits
    const waiting = await receiptOf(version);
    expect(waiting).toMatchObject({ verifiedAt: null, removedFiles: 6, lastError: null });
    expect(waiting.nextAttemptAt).toEqual(waiting.writersUntil);
    expect(await erase()).toEqual({ verified: 0, postponed: 0 });

    await storeFile(`versions/${version.id}/images/late.png`, Buffer.from("late"));
    await passTime();
    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
    expect(existsSync(folderOf(version))).toBe(false);
    const receipt = await receiptOf(version);
    expect(receipt).toMatchObject({ removedFiles: 6, lateFiles: 1, lateBytes: 4n, attempts: 2 });
  });

  test("gets no grant once the version or its project is in Trash; one given before is on the receipt, and nobody renews it", async () => {
    const [version, other] = [await buildVersion(world, project), await buildVersion(world, project)];
    const [grant, others] = [
      await takeThumbnailsGrant(version.id, 30_000),
      await takeThumbnailsGrant(other.id, 30_000),
    ];
    expect(await renewGrant(grant.id, 30_000)).not.toBeNull();
    await trashVersion(owner, versionRef(world, project, version));
    expect(await renewGrant(grant.id, 30_000)).toBeNull();
    await expect(takeThumbnailsGrant(version.id, 30_000)).rejects.toThrow(GrantLost);
    await trashProject(owner, projectRef(world, project));
    expect(await renewGrant(others.id, 30_000)).toBeNull();
    const { until } = await prisma().grant.findUniqueOrThrow({ where: { id: grant.id } });
    await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
    expect(await renewGrant(grant.id, 30_000)).toBeNull();
    expect((await receiptOf(version)).writersUntil).toEqual(until);
    expect(await erase()).toEqual({ verified: 0, postponed: 1 });
  });
});

describe("the second look", () => {
  /** The key of a file that a late writer put under a purged version. */
  const lateKey = (version: { id: string }) => `versions/${version.id}/images/late.png`;
  const look = () => lookAgain(job, UNBOUNDED);
  const lookByHand = async (item: { id: string }, ctx = owner) =>
    lookAgainAtReceipt(ctx, { workspaceSlug: world.workspace.slug, receiptId: (await receiptOf(item)).id });
  const ageProof = (interval: string) =>
    prisma().$executeRawUnsafe(`update purge_receipts set verified_at = now() - interval '${interval}'`);
  const endClaims = () => prisma().$executeRaw`update purge_receipts set next_attempt_at = now()`;
  const sweptEvents = (item: { id: string }) =>
    prisma().auditEvent.findMany({
      where: { action: "files.swept", targetId: item.id },
      select: { details: true, actorName: true },
    });
  const nothing = { receipts: 1, failed: 0, lateFiles: 0, lateBytes: 0 };

  async function verifiedVersion(files = 3) {
    const version = await purgedVersion(files);
    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
    return version;
  }

  test("is due once, a day after the proof and not before; where nothing is found, only its date is new", async () => {
    const version = await verifiedVersion();
    await ageProof("23 hours 59 minutes");
    expect(await look()).toEqual({ ...nothing, receipts: 0 });
    await ageProof("1 day");
    const before = await receiptOf(version);
    expect(await look()).toEqual(nothing);
    expect(await receiptOf(version)).toEqual({ ...before, lookedAgainAt: expect.any(Date), nextAttemptAt: null });
    expect(await look()).toEqual({ ...nothing, receipts: 0 });
    expect(await sweptEvents(version)).toEqual([]);
  });

  test("removes what it finds, says it on the receipt with its date, and in the audit log", async () => {
    const version = await verifiedVersion();
    await ageProof("1 day");
    await storeFile(lateKey(version), Buffer.from("late"));
    expect(await look()).toEqual({ ...nothing, lateFiles: 1, lateBytes: 4 });
    expect(existsSync(folderOf(version))).toBe(false);
    const receipt = await receiptOf(version);
    expect(receipt).toMatchObject({ removedFiles: 4, lateFiles: 1, lateBytes: 4n, lateAt: expect.any(Date) });
    expect(receipt.lookedAgainAt!.getTime()).toBeGreaterThanOrEqual(receipt.lateAt!.getTime());
    expect(await sweptEvents(version)).toEqual([
      { details: { files: 1, bytes: 4, receiptId: receipt.id }, actorName: "erase-files" },
    ]);
  });

  test("by hand needs no day, and says what it found each time while the receipt adds up", async () => {
    const version = await verifiedVersion();
    expect(await lookByHand(version)).toEqual(nothing);
    for (const text of ["late", "later"]) {
      await storeFile(lateKey(version), Buffer.from(text));
      expect(await lookByHand(version)).toEqual({ ...nothing, lateFiles: 1, lateBytes: text.length });
    }
    expect(await lookByHand(version)).toEqual(nothing);
    expect(existsSync(folderOf(version))).toBe(false);
    expect(await receiptOf(version)).toMatchObject({ lateFiles: 2, lateBytes: 9n, lookedAgainAt: expect.any(Date) });
    expect((await sweptEvents(version)).map(({ actorName }) => actorName)).toEqual([
      world.owner.name,
      world.owner.name,
    ]);
  });

  test("by hand goes through a project's versions too, and the project's receipt tells what they lost and what was late", async () => {
    const [one, other] = [await buildVersion(world, project), await buildVersion(world, project)];
    for (const version of [one, other]) {
      await prisma().version.update({ where: { id: version.id }, data: { files: 3, sizeBytes: 22 } });
      writeFiles(`versions/${version.id}/`, 2);
    }
    rmSync(path.join(folderOf(one), "manifest.json"));
    writeFileSync(path.join(folderOf(other), "more.png"), "more"); // does not make up for what the first one lost
    await trashProject(owner, projectRef(world, project));
    await purgeItem(owner, itemRef(world, "PROJECT", project), UNBOUNDED);
    expect(await erase()).toEqual({ verified: 3, postponed: 0 });
    await storeFile(lateKey(one), Buffer.from("late"));
    expect(await lookByHand(project)).toEqual({ receipts: 3, failed: 0, lateFiles: 1, lateBytes: 4 });
    const { id, lateAt } = await receiptOf(one);
    expect(lateAt).not.toBeNull();
    expect(
      await getReceipt(owner, { workspaceSlug: world.workspace.slug, receiptId: (await receiptOf(project)).id }),
    ).toMatchObject({ expectedFiles: 6, removedFiles: 6, missingFiles: 1, lateFiles: 1, lateBytes: 4, lateAt });
    expect(await getReceipt(owner, { workspaceSlug: world.workspace.slug, receiptId: id })).toMatchObject({
      expectedFiles: 3,
      removedFiles: 2,
      missingFiles: 1,
    });
  });

  test("twice at once counts every late file once", async () => {
    const version = await verifiedVersion();
    for (let round = 1; round <= 5; round++) {
      await storeFile(lateKey(version), Buffer.from("late"));
      const said = await Promise.all([outcomeOf(lookByHand(version)), outcomeOf(lookByHand(version))]);
      expect(said).toContain("done");
      expect(await receiptOf(version)).toMatchObject({ lateFiles: round });
    }
  });

  test("of a store that fails is no look: by hand it may be asked for again, by schedule it has its turn again", async () => {
    const version = await verifiedVersion();
    await ageProof("2 days");
    await storeFile(lateKey(version), Buffer.from("late"));
    const repair = breakFolder(version);
    expect(await look()).toEqual({ receipts: 0, failed: 1, lateFiles: 0, lateBytes: 0 });
    expect(await outcomeOf(lookByHand(version))).toBe("busy"); // for as long as somebody else's claim runs
    await endClaims();
    expect(await outcomeOf(lookByHand(version))).toBe("busy");
    expect(await receiptOf(version)).toMatchObject({ lookedAgainAt: null, lateFiles: 0, nextAttemptAt: null });
    repair();
    expect(await look()).toEqual({ ...nothing, lateFiles: 1, lateBytes: 4 });
    expect(await receiptOf(version)).toMatchObject({ lookedAgainAt: expect.any(Date), lateFiles: 1 });
  });

  test("is refused before the proof, to everybody but owners, and to other workspaces", async () => {
    const version = await purgedVersion(1);
    expect(await outcomeOf(lookByHand(version))).toBe("busy");
    await erase();
    for (const role of ["VIEWER", "EDITOR"] as const)
      expect(await outcomeOf(lookByHand(version, await memberContext(world, role)))).toBe("forbidden");
    const elsewhere = await buildWorld();
    const { id } = await receiptOf(version);
    for (const receiptId of [id, "nothing"])
      expect(
        await outcomeOf(
          lookAgainAtReceipt(await userContext(elsewhere), { workspaceSlug: elsewhere.workspace.slug, receiptId }),
        ),
      ).toBe("not_found");
    expect(await outcomeOf(lookAgain(owner, UNBOUNDED))).toBe("forbidden");
    expect(await receiptOf(version)).toMatchObject({ lookedAgainAt: null });
  });
});

test("a project's receipt is verified only after those of all its versions", async () => {
  const versions = [await buildVersion(world, project), await buildVersion(world, project)];
  for (const version of versions) writeFiles(`versions/${version.id}/`, 2);
  writeFiles(`projects/${project.id}/`, 4);
  const repair = breakFolder(versions[0]!);
  await trashProject(owner, projectRef(world, project));
  await purgeItem(owner, itemRef(world, "PROJECT", project), UNBOUNDED);

  expect(await erase()).toEqual({ verified: 1, postponed: 1 });
  expect(await receiptOf(project)).toMatchObject({ verifiedAt: null, attempts: 0 });
  repair();
  await passTime();
  expect(await erase()).toEqual({ verified: 2, postponed: 0 });
  const [parent, ...children] = [
    await receiptOf(project),
    await receiptOf(versions[0]!),
    await receiptOf(versions[1]!),
  ];
  for (const child of children) expect(child.verifiedAt!.getTime()).toBeLessThanOrEqual(parent.verifiedAt!.getTime());
  expect(parent.removedFiles).toBe(5);
  expect(existsSync(path.join(storeFolder(), "projects", project.id))).toBe(false);
  await checkInvariants(world.workspace.id, { createdImages: 20 });
});

test("a project that is claimed but not yet gone keeps its files", async () => {
  await buildVersion(world, project);
  writeFiles(`projects/${project.id}/`, 2);
  await trashProject(owner, projectRef(world, project));
  await purgeItem(owner, itemRef(world, "PROJECT", project), AbortSignal.abort());
  expect(await erase()).toEqual({ verified: 0, postponed: 0 });
  expect(existsSync(path.join(storeFolder(), "projects", project.id, "manifest.json"))).toBe(true);
});

test("two passes at once share the work: every receipt verified once, every file counted once", async () => {
  const versions = [];
  for (let i = 0; i < 70; i++) versions.push(await purgedVersion(3));
  const passes = await Promise.all([erase(), erase()]);
  expect(passes.map((p) => p.postponed)).toEqual([0, 0]);
  expect(passes[0]!.verified + passes[1]!.verified).toBe(70);
  const receipts = await prisma().purgeReceipt.findMany();
  expect(receipts.every((r) => r.attempts === 1 && r.removedFiles === 4 && r.verifiedAt !== null)).toBe(true);
  expect(versions.filter((version) => existsSync(folderOf(version)))).toEqual([]);
});

// The removal of each one's files waits for a lock of the test until the time is up: as many are in hand as are worked on at once.
test("a pass whose time is up in the middle ends what it has in hand and leaves the rest to be taken at once", async () => {
  for (let i = 0; i < 30; i++) await purgedVersion(1);
  const second = await connectSecond();
  await stopHere(second, "new.counted_at is not null and old.counted_at is null");
  const budget = new AbortController();
  const pass = eraseFiles(job, budget.signal);
  await second.untilWaiting(8);
  budget.abort();
  await second.query("select pg_advisory_unlock(4712)");
  expect(await pass).toEqual({ verified: 8, postponed: 0 });
  await second.query("drop function wait_here() cascade");
  await second.end();
  expect(await erase()).toEqual({ verified: 22, postponed: 0 });
  expect((await prisma().purgeReceipt.findMany()).map((r) => r.attempts)).toEqual(Array.from({ length: 30 }, () => 1));
});

/** Whoever updates a receipt so waits for an advisory lock of the test. */
async function stopHere(second: Awaited<ReturnType<typeof connectSecond>>, when: string) {
  await second.query(
    "create function wait_here() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(4712); return new; end $$",
  );
  await second.query(
    `create trigger wait_here before update on purge_receipts for each row when (${when}) execute function wait_here()`,
  );
  await second.query("select pg_advisory_lock(4712)");
}

describe("proofs", () => {
  const entries = () =>
    prisma().receiptEntry.findMany({ where: { workspaceId: world.workspace.id, kind: "VERIFIED" } });

  test("of a batch are marked in one transaction, with one entry in the chain of each workspace", async () => {
    const elsewhere = await buildWorld();
    for (let i = 0; i < 12; i++) await purgedVersion(1);
    const theirs = await buildProject(elsewhere);
    const version = await buildVersion(elsewhere, theirs);
    await trashVersion(await userContext(elsewhere), versionRef(elsewhere, theirs, version));
    await purgeItem(await userContext(elsewhere), itemRef(elsewhere, "VERSION", version), UNBOUNDED);
    expect(await erase()).toEqual({ verified: 13, postponed: 0 });
    expect(await entries()).toHaveLength(1);
    const verified = await prisma().purgeReceipt.findMany({ select: { verifiedAt: true } });
    expect(new Set(verified.map(({ verifiedAt }) => verifiedAt!.getTime())).size).toBe(1);
    await checkInvariants(world.workspace.id);
    await checkInvariants(elsewhere.workspace.id);
  });

  test("do not wait for a slow neighbour: what is done is marked while it is still at work", async () => {
    const [slow, fine] = [await purgedVersion(3), await purgedVersion(3)];
    const second = await connectSecond();
    await stopHere(second, `new.counted_at is not null and old.counted_at is null and new.item_id = '${slow.id}'`);
    const pass = erase();
    await second.untilWaiting(1);
    await expect.poll(async () => (await receiptOf(fine)).verifiedAt, { timeout: 4_000 }).not.toBeNull();
    expect((await receiptOf(slow)).verifiedAt).toBeNull();
    await second.query("select pg_advisory_unlock(4712)");
    expect(await pass).toEqual({ verified: 2, postponed: 0 });
    await second.query("drop function wait_here() cascade");
    await second.end();
    expect(await entries()).toHaveLength(2);
  });

  test("that cannot be marked are no proofs: the pass fails, and the next one marks them", async () => {
    const version = await purgedVersion(3);
    const second = await connectSecond();
    await second.query(
      "create function broken() returns trigger language plpgsql as $$ begin raise exception 'disk full'; end $$",
    );
    await second.query("create trigger broken before insert on receipt_entries for each row execute function broken()");
    await expect(erase()).rejects.toThrow("disk full");
    await second.query("drop function broken() cascade");
    await second.end();
    expect(await receiptOf(version)).toMatchObject({ verifiedAt: null, removedFiles: 4 });
    await passTime();
    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
    expect(await receiptOf(version)).toMatchObject({ removedFiles: 4, lateFiles: 0, attempts: 2 });
    await checkInvariants(world.workspace.id);
  });
});

test("a pass whose time is up takes nothing on", async () => {
  const version = await purgedVersion(1);
  expect(await eraseFiles(job, AbortSignal.abort())).toEqual({ verified: 0, postponed: 0 });
  expect(await receiptOf(version)).toMatchObject({ attempts: 0, nextAttemptAt: null });
  expect(existsSync(folderOf(version))).toBe(true);
});
