import type { Context, Membership } from "@/lib/domain/context";
import type { Scope } from "@/lib/domain/permissions";
import { projectPrefix, trainingPrefix, versionPrefix } from "@/lib/domain/grants";
import { SCOPES } from "@/lib/domain/permissions";
import { databaseNow, prisma, query } from "@/lib/platform/db";
import type { ProjectType, Role, TrainerKind, TrainingStatus, VersionStatus } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { hashApiKey, newApiKey } from "@/lib/platform/secrets";
import { testStore } from "./store-file";

/*
 * Builders make what a test needs with the least words: each makes its own parents, takes overrides, writes real rows.
 */

let sequence = 0;
const unique = (word: string): string => `${word}-${(sequence += 1)}`;

export interface World {
  workspace: { id: string; slug: string; name: string };
  owner: { id: string; name: string };
}

export async function buildUser(overrides: { email?: string; name?: string } = {}) {
  return prisma().user.create({ data: { email: `${unique("user")}@example.org`, name: "Ada", ...overrides } });
}

/** A workspace and its owner. */
export async function buildWorld(overrides: { slug?: string; imageQuota?: number } = {}): Promise<World> {
  const owner = await buildUser();
  const slug = overrides.slug ?? unique("acme");
  const workspace = await prisma().workspace.create({
    data: { slug, name: slug, imageQuota: overrides.imageQuota ?? 100_000 },
  });
  await prisma().membership.create({ data: { workspaceId: workspace.id, userId: owner.id, role: "OWNER" } });
  return { workspace, owner };
}

export async function buildMember(world: World, role: Role) {
  const user = await buildUser();
  await prisma().membership.create({ data: { workspaceId: world.workspace.id, userId: user.id, role } });
  return user;
}

/** An API key; answers the secret. */
export async function buildApiKey(
  world: World,
  overrides: { userId?: string; scopes?: readonly Scope[]; revokedAt?: Date } = {},
): Promise<string> {
  const key = newApiKey();
  await prisma().apiKey.create({
    data: {
      workspaceId: world.workspace.id,
      userId: overrides.userId ?? world.owner.id,
      name: "test",
      prefix: key.slice(0, 8),
      hash: hashApiKey(key),
      scopes: [...(overrides.scopes ?? SCOPES)],
      revokedAt: overrides.revokedAt ?? null,
    },
  });
  return key;
}

export async function buildProject(world: World, overrides: { slug?: string; name?: string; type?: ProjectType } = {}) {
  const slug = overrides.slug ?? unique("digits");
  const id = newId();
  await testStore().makeRoot(projectPrefix(id));
  return prisma().project.create({
    data: {
      id,
      workspaceId: world.workspace.id,
      slug,
      name: overrides.name ?? slug,
      type: overrides.type ?? "CLASSIFICATION",
      annotation: "digits",
      createdById: world.owner.id,
    },
  });
}

/** Images of a project as rows alone, without files: each of a class of its own, in train. Answers their ids. */
export async function buildImages(project: { id: string }, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, newId);
  await prisma().image.createMany({
    data: ids.map((id, i) => ({
      id,
      projectId: project.id,
      fileName: `${i}.png`,
      sha256: id,
      contentType: "image/png",
      sizeBytes: 10,
      width: 8,
      height: 8,
      split: "TRAIN" as const,
      label: String(i),
    })),
  });
  return ids;
}

/**
 * A version as generated: ready, its images counted in the workspace, unless overridden. It has no files. One that is
 * generating until `generatorUntil` is left alone by workers until then.
 */
export async function buildVersion(
  world: World,
  project: { id: string },
  overrides: {
    name?: string;
    status?: VersionStatus;
    images?: number;
    writersUntil?: Date;
    generatorUntil?: Date;
  } = {},
) {
  const { images = 10, status = "READY" } = overrides;
  const { nextVersionNumber } = await prisma().project.update({
    where: { id: project.id },
    data: { nextVersionNumber: { increment: 1 } },
  });
  const counted = status === "FAILED" ? 0 : images;
  await prisma().workspace.update({ where: { id: world.workspace.id }, data: { usedImages: { increment: counted } } });
  const id = newId();
  await testStore().makeRoot(versionPrefix(id));
  return prisma().version.create({
    data: {
      id,
      workspaceId: world.workspace.id,
      projectId: project.id,
      number: nextVersionNumber - 1,
      name: overrides.name ?? `v${nextVersionNumber - 1}`,
      status,
      progress: status === "READY" ? 1 : 0,
      seed: 1,
      preprocessing: { grayscale: true },
      augmentation: {},
      trainImages: status === "READY" ? images : 0,
      classes: status === "READY" ? { "3": Math.ceil(images / 2), "7": Math.floor(images / 2) } : {},
      countedImages: counted,
      manifestHash: status === "READY" ? "0".repeat(64) : null,
      writersUntil: overrides.writersUntil ?? null,
      generatorLeaseId: overrides.generatorUntil ? newId() : null,
      generatorUntil: overrides.generatorUntil ?? null,
      createdById: world.owner.id,
    },
  });
}

/** Of a model type that our own workers leave alone, unless `trainer` says otherwise; one that has finished was theirs. */
export async function buildTraining(
  world: World,
  version: { id: string },
  overrides: { status?: TrainingStatus; trainer?: TrainerKind } = {},
) {
  const { status = "QUEUED" } = overrides;
  const { trainer = status === "FINISHED" ? "EMBEDDED" : "EXTERNAL" } = overrides;
  const { nextTrainingNumber } = await prisma().version.update({
    where: { id: version.id },
    data: { nextTrainingNumber: { increment: 1 } },
  });
  const active = status === "QUEUED" || status === "RUNNING";
  const id = newId();
  await testStore().makeRoot(trainingPrefix(version.id, id));
  return prisma().training.create({
    data: {
      id,
      workspaceId: world.workspace.id,
      versionId: version.id,
      number: nextTrainingNumber - 1,
      status,
      trainer,
      modelType: overrides.trainer === "EMBEDDED" ? "hog-mlp" : "digits",
      epochs: 20,
      createdById: world.owner.id,
      endedAt: active ? null : new Date("2026-01-01T00:00:00Z"),
      ...(status === "RUNNING" ? { leaseId: newId(), leaseUntil: new Date(Date.now() + 60_000) } : {}),
    },
  });
}

export async function buildModel(
  world: World,
  training: { id: string; versionId: string },
  { sizeBytes = 100 }: { sizeBytes?: number } = {},
) {
  return prisma().model.create({
    data: {
      workspaceId: world.workspace.id,
      versionId: training.versionId,
      trainingId: training.id,
      slug: unique("digits-model"),
      modelType: "digits",
      files: 1,
      sizeBytes,
    },
  });
}

const membershipOf = (world: World, role: Role): Membership => ({
  workspaceId: world.workspace.id,
  slug: world.workspace.slug,
  name: world.workspace.name,
  role,
});

/** The context of a signed-in member, at the database's instant unless another `now` is passed. */
export async function userContext(
  world: World,
  overrides: { user?: { id: string; name: string }; role?: Role; now?: Date } = {},
): Promise<Context> {
  const user = overrides.user ?? world.owner;
  return {
    actor: {
      type: "USER",
      userId: user.id,
      name: user.name,
      memberships: [membershipOf(world, overrides.role ?? "OWNER")],
    },
    now: overrides.now ?? (await databaseNow()),
    requestId: newId(),
  };
}

// ── What a test compares ─────────────────────────────────────────────────────────────────────────────────────────────

const TABLES = [
  "users",
  "workspaces",
  "memberships",
  "api_keys",
  "projects",
  "images",
  "image_removals",
  "purged_images",
  "generation_sources",
  "versions",
  "exports",
  "thumbnails",
  "trainings",
  "models",
  "model_calls",
  "model_slugs",
  "audit_events",
  "audit_batches",
  "purge_receipts",
  "scheduled_runs",
  "scheduled_run_workspaces",
  "receipt_entries",
  "receipt_entry_items",
  "receipt_heads",
  "trash_selections",
  "trash_selection_items",
];

const eachTable = (name: string, column: string) => ({
  name: `test-${name}`,
  text: TABLES.map((table) => `select '${table}' as name, ${column} as value from ${table} t`).join(" union all "),
});
const HASHES = eachTable("hashes", "coalesce(md5(string_agg(t::text, '|' order by t::text)), '')");
const COUNTS = eachTable("counts", "count(*)::int");

/** All rows of every table, as one hash per table: equal means that nothing at all was written in between. */
export async function fingerprintTables(): Promise<Record<string, string>> {
  const rows = await query<{ name: string; value: string }>(HASHES, []);
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

/** How many rows each table has. */
export async function countRows(): Promise<Record<string, number>> {
  const rows = await query<{ name: string; value: number }>(COUNTS, []);
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
