import { expect, test } from "vitest";
import { prisma, query } from "@/lib/platform/db";
import { buildMember, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { auditedActions, keyContext, memberContext, outcomeOf } from "@/lib/testing/lifecycle";
import { authenticateKey, createApiKey, listApiKeys, revokeApiKey } from "./api-keys";
import { SCOPES } from "@/lib/domain/permissions";

const inputOf = (world: World, overrides: { name?: string; scopes?: string[]; userId?: string } = {}) => ({
  workspaceSlug: world.workspace.slug,
  userId: world.owner.id,
  name: "CI",
  ...overrides,
});

test("a new key opens the workspace as its owner, within its scopes", async () => {
  const world = await buildWorld();
  const { key, keyId } = await createApiKey(
    await userContext(world),
    inputOf(world, { scopes: ["version:read", "project:read"] }),
  );
  expect((await authenticateKey(key, "r")).actor).toEqual({
    type: "API_KEY",
    keyId,
    userId: world.owner.id,
    name: "Ada",
    scopes: ["project:read", "version:read"],
    memberships: [
      { workspaceId: world.workspace.id, slug: world.workspace.slug, name: world.workspace.name, role: "OWNER" },
    ],
  });
});

test("a key's secret is nowhere in the database, and has a lowercase letter", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const { key, keyId } = await createApiKey(ctx, inputOf(world));
  expect(key.slice(3)).toMatch(/[a-z]/); // the official client takes all capitals for a dummy
  await revokeApiKey(ctx, { workspaceSlug: world.workspace.slug, keyId });
  const tables = await query<{ table: string }>(
    {
      name: "test-tables",
      text: `select table_name as "table" from information_schema.tables where table_schema = 'public'`,
    },
    [],
  );
  for (const { table } of tables) {
    const found = await query(
      { name: `test-find-secret-${table}`, text: `select 1 from "${table}" t where position($1 in t::text) > 0` },
      [key],
    );
    expect(found, table).toEqual([]);
  }
  expect(tables.length).toBeGreaterThan(10);
});

test("owners alone list, make and revoke keys", async () => {
  const world = await buildWorld();
  const { keyId } = await createApiKey(await userContext(world), inputOf(world));
  const stranger = await userContext(await buildWorld());
  const before = await auditedActions(world);
  for (const [ctx, code] of [
    [await memberContext(world, "EDITOR"), "forbidden"],
    [await memberContext(world, "VIEWER"), "forbidden"],
    [stranger, "not_found"],
  ] as const) {
    expect(await outcomeOf(listApiKeys(ctx, world.workspace.slug))).toBe(code);
    expect(await outcomeOf(createApiKey(ctx, inputOf(world)))).toBe(code);
    expect(await outcomeOf(revokeApiKey(ctx, { workspaceSlug: world.workspace.slug, keyId }))).toBe(code);
  }
  expect(await auditedActions(world)).toEqual(before);
  expect(await listApiKeys(await userContext(world), world.workspace.slug)).toMatchObject([
    { id: keyId, revokedAt: null },
  ]);
});

test("an editor gets no key, neither for themselves nor through a key of their own", async () => {
  const world = await buildWorld();
  const editor = await buildMember(world, "EDITOR");
  expect(
    await outcomeOf(
      createApiKey(await userContext(world, { user: editor, role: "EDITOR" }), inputOf(world, { userId: editor.id })),
    ),
  ).toBe("forbidden");
  expect(
    await outcomeOf(
      createApiKey(await keyContext(world, { userId: editor.id }), inputOf(world, { userId: editor.id })),
    ),
  ).toBe("missing_scope");
  expect(await prisma().apiKey.count({ where: { workspaceId: world.workspace.id, name: "CI" } })).toBe(0);
});

test("a key makes keys that can do no more than itself, for its own owner alone", async () => {
  const world = await buildWorld();
  const editor = await buildMember(world, "EDITOR");
  const key = await keyContext(world, { scopes: ["api-key:create", "version:read"] });
  expect(await outcomeOf(createApiKey(key, inputOf(world)))).toBe("missing_scope");
  expect(await outcomeOf(createApiKey(key, inputOf(world, { scopes: ["version:update"] })))).toBe("missing_scope");
  expect(await outcomeOf(createApiKey(key, inputOf(world, { scopes: ["version:read"], userId: editor.id })))).toBe(
    "missing_scope",
  );
  expect(await outcomeOf(createApiKey(key, inputOf(world, { scopes: ["version:read"] })))).toBe("done");
});

test("an unknown scope, no scope and a name that will not do are refused, and nothing is made", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  await expect(createApiKey(ctx, inputOf(world, { scopes: ["version:read", "version:purge"] }))).rejects.toMatchObject({
    code: "invalid_input",
    details: { field: "scopes" },
  });
  await expect(createApiKey(ctx, inputOf(world, { scopes: [] }))).rejects.toMatchObject({
    code: "invalid_input",
    details: { field: "scopes" },
  });
  await expect(createApiKey(ctx, inputOf(world, { name: " " }))).rejects.toMatchObject({
    code: "invalid_input",
    details: { field: "name" },
  });
  expect(await listApiKeys(ctx, world.workspace.slug)).toEqual([]);
  expect(await auditedActions(world)).toEqual([]);
});

test("a key for somebody who is no member is not made", async () => {
  const world = await buildWorld();
  expect(
    await outcomeOf(createApiKey(await userContext(world), inputOf(world, { userId: (await buildWorld()).owner.id }))),
  ).toBe("not_found");
});

test("without scopes a key has all; a scope given twice counts once", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  await createApiKey(ctx, inputOf(world, { name: "all" }));
  await createApiKey(ctx, inputOf(world, { name: "twice", scopes: ["version:read", "version:read"] }));
  const scopes = Object.fromEntries(
    (await listApiKeys(ctx, world.workspace.slug)).map((key) => [key.name, key.scopes]),
  );
  expect(scopes).toEqual({ all: [...SCOPES], twice: ["version:read"] });
});

test("a revoked key is refused at its next call; revoking again does nothing", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const { key, keyId } = await createApiKey(ctx, inputOf(world));
  const ref = { workspaceSlug: world.workspace.slug, keyId };
  await revokeApiKey(ctx, ref);
  await expect(authenticateKey(key, "r")).rejects.toMatchObject({ code: "unauthorized" });
  const [revoked] = await listApiKeys(ctx, world.workspace.slug);
  await revokeApiKey({ ...ctx, now: new Date(ctx.now.getTime() + 60_000) }, ref);
  expect(await listApiKeys(ctx, world.workspace.slug)).toEqual([revoked]);
  expect(await auditedActions(world)).toEqual(["api_key.created", "api_key.revoked"]);
});

test("a key of another workspace is not found, and stays in force", async () => {
  const [world, other] = [await buildWorld(), await buildWorld()];
  const { key, keyId } = await createApiKey(await userContext(other), inputOf(other));
  expect(await outcomeOf(revokeApiKey(await userContext(world), { workspaceSlug: world.workspace.slug, keyId }))).toBe(
    "not_found",
  );
  await authenticateKey(key, "r");
});

test("keys in force are listed before revoked ones, the newest first", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const ids: string[] = [];
  for (const [i, name] of ["old", "revoked", "new"].entries())
    ids.push((await createApiKey({ ...ctx, now: new Date(ctx.now.getTime() + i) }, inputOf(world, { name }))).keyId);
  await revokeApiKey(ctx, { workspaceSlug: world.workspace.slug, keyId: ids[1]! });
  expect((await listApiKeys(ctx, world.workspace.slug)).map((key) => key.name)).toEqual(["new", "old", "revoked"]);
});
