import { expect, test } from "vitest";
import { authenticateKey } from "@/lib/domain/people";
import { prisma } from "@/lib/platform/db";
import { verifyPassword } from "@/lib/platform/secrets";
import {
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  fingerprintTables,
  userContext,
} from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { photo } from "@/lib/testing/pixels";
import { zipOf } from "@/lib/testing/zips";
import { mkdtemp, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { itemRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { storeFile } from "@/lib/testing/store-file";
import { getReceiptHead, purgeItem, trashVersion } from "@/lib/domain/trash";
import { runAdminCommand, type AdminResult } from "./admin";

async function admin(
  name: string,
  options: Record<string, string> = {},
  { password = null as string | null, positionals = [] as string[] } = {},
): Promise<AdminResult> {
  return runAdminCommand(name, { options, positionals, readPassword: async () => password });
}

test("somebody with an own database gets from nothing to a key that works", async () => {
  const ada = await admin("create-user", { email: "Ada@Example.org", name: "Ada" }, { password: "correct horse" });
  expect(ada.answer).toEqual({ userId: expect.any(String), email: "ada@example.org" });
  const { passwordHash } = await prisma().user.findUniqueOrThrow({ where: { email: "ada@example.org" } });
  expect(await verifyPassword(passwordHash!, "correct horse")).toBe(true);

  expect(
    (await admin("create-workspace", { slug: "acme", name: "Acme", owner: "ada@example.org" })).answer,
  ).toMatchObject({ slug: "acme" });
  const { key } = (
    await admin("create-key", {
      workspace: "acme",
      email: "ada@example.org",
      name: "ci",
      scopes: "project:read, version:update",
    })
  ).answer as { key: string; keyId: string };
  const ctx = await authenticateKey(key, "request");
  expect(ctx.actor).toMatchObject({
    type: "API_KEY",
    scopes: ["project:read", "version:update"],
    memberships: [{ slug: "acme", role: "OWNER" }],
  });
});

test("a password that nobody gave is made, shown once, and works", async () => {
  const { password } = (await admin("create-user", { email: "bob@example.org", name: "Bob" })).answer as {
    password: string;
  };
  const { passwordHash } = await prisma().user.findUniqueOrThrow({ where: { email: "bob@example.org" } });
  expect(await verifyPassword(passwordHash!, password)).toBe(true);
});

test("the last owner cannot be deleted or made less; another one can, and their keys end", async () => {
  const world = await buildWorld();
  const { email } = await prisma().user.findUniqueOrThrow({ where: { id: world.owner.id } });
  await expect(admin("delete-user", { email })).rejects.toMatchObject({ code: "last_owner" });
  await expect(admin("add-member", { workspace: world.workspace.slug, email, role: "viewer" })).rejects.toMatchObject({
    code: "last_owner",
  });

  await admin("create-user", { email: "second@example.org", name: "Second" });
  await admin("add-member", { workspace: world.workspace.slug, email: "second@example.org", role: "owner" });
  const { key } = (await admin("create-key", { workspace: world.workspace.slug, email, name: "old" })).answer as {
    key: string;
  };
  await admin("delete-user", { email });
  await expect(authenticateKey(key, "request")).rejects.toMatchObject({ code: "unauthorized" });
});

test("list, usage and receipts tell what there is, in Trash too, and what was purged", async () => {
  const world = await buildWorld();
  const workspace = world.workspace.slug;
  const project = await buildProject(world);
  const version = await buildVersion(world, project, { name: "baseline", images: 12 });
  await buildTraining(world, version);
  expect((await admin("list", { workspace })).text).toMatch(/baseline.*ready, 12 images\n {4}training 1 {2}queued/);

  const second = await connectSecond();
  await second.query("update trainings set status = 'CANCELLED', ended_at = now()");
  await second.query(
    "update versions set deleted_at = now() - interval '31 days', deleted_by_id = 'x', purge_after = now() - interval '1 day' where id = $1",
    [version.id],
  );
  await second.end();
  expect((await admin("list", { workspace })).text).toContain("[in Trash]");
  expect((await admin("usage", { workspace })).answer).toMatchObject({
    usedImages: 12,
    liveImages: 0,
    trashImages: 12,
  });

  expect((await admin("purge-expired")).answer).toEqual({
    purged: 1,
    skipped: 0,
    failed: 0,
    remaining: 0,
    files: { verified: 1, postponed: 0 },
  });
  expect((await admin("usage", { workspace })).answer).toMatchObject({ usedImages: 0 });
  expect((await admin("receipts", { workspace })).answer).toMatchObject({
    receipts: [{ itemType: "VERSION", itemName: "baseline", images: 12, trainings: 1, verified: true }],
  });
  expect((await admin("runs")).answer).toMatchObject({
    runs: [{ startedBy: "ADMIN", mode: "ON", purged: 1, failed: 0, verified: 1, postponed: 0, reason: null }],
  });
  expect((await admin("runs")).text).toMatch(
    /^\S+ {2}admin {2}1 purged, 0 skipped, 0 failed, 0 remaining, files of 1 verified gone, 0 postponed$/,
  );
  await expect(admin("verify-version", {}, { positionals: [`${workspace}/${project.slug}/1`] })).rejects.toMatchObject({
    code: "purged",
  });
});

test("a dry run prints what a run would take, by name, at any instant and on any database, and takes nothing", async () => {
  const world = await buildWorld();
  const project = await buildProject(world);
  const version = await buildVersion(world, project, { name: "spring" });
  await trashVersion(await userContext(world), versionRef(world, project, version));
  const now = new Date(Date.now() + 31 * 24 * 60 * 60 * 1000).toISOString();
  const before = await fingerprintTables();
  expect((await admin("purge-expired", { "dry-run": "true" })).answer).toMatchObject({ items: [] });
  const { ok, answer, text } = await admin("purge-expired", { "dry-run": "true", now });
  const path = `${world.workspace.slug}/${project.slug}/1`;
  expect([ok, answer]).toMatchObject([
    true,
    { now: new Date(now), items: [{ type: "version", id: version.id, begun: false, path, name: "spring" }] },
  ]);
  expect(text).toMatch(
    new RegExp(`^version {2}${path} {2}"spring" {2}due since .*\n1 items would be purged; nothing was.$`),
  );
  expect(await fingerprintTables()).toEqual(before);
});

test("a receipt is looked at again by its id, or with all that are due, and what was found is told", async () => {
  const world = await buildWorld();
  const workspace = world.workspace.slug;
  const project = await buildProject(world);
  const version = await buildVersion(world, project, { name: "autumn" });
  const owner = await userContext(world);
  await trashVersion(owner, versionRef(world, project, version));
  await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
  const { id } = await prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: version.id } });
  const byId = () => admin("look-again", {}, { positionals: [id] });
  await expect(byId()).rejects.toMatchObject({ code: "busy" });
  expect((await admin("purge-expired")).answer).toMatchObject({ files: { verified: 1 } });

  expect((await admin("look-again")).text).toBe("0 receipts looked at again: nothing was found");
  expect((await byId()).text).toBe("1 receipts looked at again: nothing was found");
  await storeFile(`versions/${version.id}/images/late.png`, Buffer.from("late"));
  expect(await byId()).toEqual({
    ok: true,
    answer: { receipts: 1, failed: 0, lateFiles: 1, lateBytes: 4 },
    text: "1 receipts looked at again: 1 late files, 4 bytes, found and removed",
  });
  await prisma().purgeReceipt.update({
    where: { id },
    data: { verifiedAt: new Date(Date.now() - 25 * 3_600_000), lookedAgainAt: null },
  });
  expect((await admin("look-again")).answer).toEqual({ receipts: 1, failed: 0, lateFiles: 0, lateBytes: 0 });
  expect((await admin("receipts", { workspace })).text).toMatch(
    new RegExp(`1 late files \\(4 bytes\\) removed .*, looked at again .*${id}$`),
  );
  await expect(admin("look-again", {}, { positionals: ["nothing"] })).rejects.toMatchObject({ code: "not_found" });
});

test("receipts are verified, with the head that was signed before, and what was altered or cut off is named", async () => {
  const world = await buildWorld();
  const workspace = world.workspace.slug;
  const project = await buildProject(world);
  const owner = await userContext(world);
  for (const name of ["autumn", "winter"]) {
    const version = await buildVersion(world, project, { name });
    await trashVersion(owner, versionRef(world, project, version));
    await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
  }
  await admin("purge-expired");
  const head = (await getReceiptHead(owner, { workspaceSlug: workspace }))!.signed!;
  expect(await admin("verify-receipts", { workspace })).toMatchObject({
    ok: true,
    text: "2 receipts and 3 entries read: each is as it was written",
  });
  expect((await admin("verify-receipts", { workspace, head })).text).toMatch(/contains the head that was given$/);
  await expect(admin("verify-receipts", { workspace, head: "x" })).rejects.toMatchObject({ code: "invalid_input" });

  const { id } = await prisma().purgeReceipt.findFirstOrThrow({ where: { itemName: "winter" } });
  const before = await prisma().purgeReceipt.update({ where: { id }, data: { actorName: "Nobody" } });
  const found = await admin("verify-receipts", { workspace, head });
  expect(found.ok).toBe(false);
  expect(found.text).toBe(
    `2 receipts and 3 entries read: NOT as they were written\n  receipt ${id} of "winter" was altered: actorName (its last entry is 3)`,
  );
  expect(found.answer).toMatchObject({ ok: false, problems: [{ kind: "receipt_altered", receiptId: before.id }] });
});

test("nobody makes time run on a database that is not the embedded one", async () => {
  await expect(admin("purge-expired", { now: "2030-01-01T00:00:00Z" })).rejects.toMatchObject({
    code: "invalid_input",
  });
});

test.each([
  ["nonsense", {}, "There is no command"],
  ["create-user", { name: "x" }, "Give --email"],
  ["create-user", { email: "no-address", name: "x" }, "is not an e-mail address"],
  ["create-workspace", { slug: "trash", name: "x", owner: "ada@example.org" }, "our own URLs use"],
  ["create-workspace", { slug: "2024", name: "x", owner: "ada@example.org" }, "cannot be part of a URL"],
  ["list", { workspace: "nobody" }, "There is no workspace"],
  ["create-key", { workspace: "acme", email: "ada@example.org", name: "x", scopes: "everything" }, "is not a scope"],
])("%s %j is refused with a sentence", async (name, options, sentence) => {
  await expect(admin(name, options as Record<string, string>)).rejects.toMatchObject({
    publicMessage: expect.stringContaining(sentence),
  });
});

test("a version that exists already is imported from a zip or a folder, and is the same", async () => {
  const world = await buildWorld();
  const project = await buildProject(world);
  const at = { positionals: [`${world.workspace.slug}/${project.slug}`] };
  const folder = await mkdtemp(path.join(tmpdir(), "reprieve-import-test-"));
  const files = { "train/cat/1.jpg": await photo(20, 20, 1), "valid/dog/2.jpg": await photo(20, 20, 2) };
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, "set", name)), { recursive: true });
    await writeFile(path.join(folder, "set", name), bytes);
  }
  await writeFile(path.join(folder, "set.zip"), await zipOf(files));

  const fromFolder = await admin("import-version", { from: path.join(folder, "set"), number: "4", name: "old" }, at);
  expect(fromFolder).toMatchObject({ ok: true, answer: { status: "completed", version: 4, file: "set" } });
  expect(fromFolder.text).toBe(`${at.positionals[0]}/4: 2 images looked at, 0 left out`);
  const fromZip = await admin(
    "import-version",
    { from: path.join(folder, "set.zip"), created: "2026-01-02T03:04:05Z" },
    at,
  );
  expect(fromZip.answer).toMatchObject({ status: "completed", version: 5, file: "set.zip" });
  const versions = await prisma().version.findMany({ where: { projectId: project.id }, orderBy: { number: "asc" } });
  expect(
    versions.map(({ name, trainImages, validImages, classes }) => [name, trainImages, validImages, classes]),
  ).toEqual([
    ["old", 1, 1, { cat: 1, dog: 1 }],
    ["set", 1, 1, { cat: 1, dog: 1 }],
  ]);
  expect(versions[1]!.createdAt).toEqual(new Date("2026-01-02T03:04:05Z"));
  expect(await admin("verify-version", {}, { positionals: [`${at.positionals[0]}/5`] })).toMatchObject({ ok: true });

  const refused = (options: Record<string, string>, positionals = at.positionals) =>
    admin("import-version", options, { positionals });
  await expect(refused({ from: path.join(folder, "nowhere") })).rejects.toMatchObject({ details: { field: "from" } });
  await expect(refused({ from: folder, number: "x" })).rejects.toMatchObject({ details: { field: "number" } });
  await expect(refused({ from: folder, number: "4" })).rejects.toMatchObject({ code: "already_exists" });
  await expect(refused({ from: folder }, ["acme"])).rejects.toMatchObject({ code: "invalid_input" });
  expect(await refused({ from: path.join(folder, "set", "train", "cat") })).toMatchObject({ ok: false });
});
