import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { authenticateKey } from "@/lib/domain/people";
import { systemContext, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import type { PlanVersion, VersionPlan } from "@/lib/domain/versions/generation";
import { claimGeneration, type GeneratedFacts, type GeneratorLease } from "@/lib/domain/versions/generation-work";
import type { Scope } from "@/lib/domain/permissions";
import { prisma } from "@/lib/platform/db";
import type { ItemType, Role } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { buildApiKey, buildMember, userContext, type World } from "./builders";

/*
 * What tests of an item's life say over and over: how it is named, at which instant somebody acts, what is left of it.
 */

export const DAY_MS = 24 * 60 * 60 * 1000;
export const RETENTION_MS = 30 * DAY_MS;

/** A signal that never aborts: a run without a time budget. */
export const UNBOUNDED = new AbortController().signal;

export const projectRef = (world: World, project: { slug: string }) => ({
  workspaceSlug: world.workspace.slug,
  projectSlug: project.slug,
});
export const versionRef = (world: World, project: { slug: string }, version: { number: number }) => ({
  ...projectRef(world, project),
  number: version.number,
});
export const trainingRef = (world: World, training: { id: string }) => ({
  workspaceSlug: world.workspace.slug,
  trainingId: training.id,
});
/** As Trash names them: by the opaque id. */
export const trashedProjectRef = (world: World, project: { id: string }) => ({
  workspaceSlug: world.workspace.slug,
  projectId: project.id,
});
export const trashedVersionRef = (world: World, project: { id: string }, version: { number: number }) => ({
  ...trashedProjectRef(world, project),
  number: version.number,
});
export const itemRef = (world: World, type: ItemType, item: { id: string }) => ({
  workspaceSlug: world.workspace.slug,
  type,
  id: item.id,
});

/** Settings and plan of a version of so many images, for createVersion and retryVersionGeneration: no engine, no sources. */
export const planOf = (images: number) => (): VersionPlan => ({ sources: [], images });
export const newVersion = (images: number) => ({
  seed: 1,
  preprocessing: {},
  augmentation: {},
  splits: null,
  plan: planOf(images),
});

/** Everything once, and moved to another split. */
export const allToTest: PlanVersion = (images) => ({
  sources: images.map((image) => ({ ...image, split: "TEST" as const })),
  images: images.length,
});

/** What a generator of so many images says when it is done. */
export const generatedFacts = (images: number): GeneratedFacts => ({
  manifestHash: "0".repeat(64),
  files: images + 1,
  sizeBytes: images * 10,
  trainImages: images,
  validImages: 0,
  testImages: 0,
  classes: { "3": Math.ceil(images / 2), "7": Math.floor(images / 2) },
});

/** Takes the generation of a version, as a worker does. */
export async function claimVersion({ id }: { id: string }): Promise<GeneratorLease> {
  const generation = await claimGeneration(await systemContext("generate"), { versionId: id });
  if (!generation) throw new Error(`The version ${id} does not wait for a generator.`);
  return generation.lease;
}

/** The same actor, another act, `ms` later. */
export const later = (ctx: Context, ms: number): Context => ({
  ...ctx,
  now: new Date(ctx.now.getTime() + ms),
  requestId: newId(),
});

/** The scheduled job, at an instant. */
export const scheduler = (now: Date): Promise<Context> => systemContext("purge-expired", { now });

export async function memberContext(world: World, role: Role, now?: Date): Promise<Context> {
  return userContext(world, { user: await buildMember(world, role), role, ...(now ? { now } : {}) });
}

export async function keyContext(
  world: World,
  options: { userId?: string; scopes?: readonly Scope[] } = {},
): Promise<Context> {
  return authenticateKey(await buildApiKey(world, options), newId());
}

/** What came of an operation, in one word: its outcome, else the code of its DomainError. Any other error is thrown. */
export async function outcomeOf(operation: Promise<unknown>): Promise<string> {
  try {
    const result = await operation;
    return typeof result === "object" && result !== null && "outcome" in result ? String(result.outcome) : "done";
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

export async function usedImages(world: World): Promise<number> {
  return (await prisma().workspace.findUniqueOrThrow({ where: { id: world.workspace.id } })).usedImages;
}

/** The actions in the audit log, oldest first. */
export async function auditedActions(world: World): Promise<string[]> {
  const events = await prisma().auditEvent.findMany({
    where: { workspaceId: world.workspace.id },
    orderBy: [{ at: "asc" }, { id: "asc" }],
  });
  return events.map((event) => event.action);
}

/** The test file's blob store as a folder. */
export const storeFolder = (): string => fileURLToPath(process.env["BLOB_STORE"]!);

/** Files in the store: `count` images of 10 bytes and the manifest, under a prefix that ends with "/". */
export function writeFiles(prefix: string, count: number, name = "image"): void {
  const folder = path.join(storeFolder(), prefix);
  mkdirSync(path.join(folder, "images"), { recursive: true });
  for (let i = 0; i < count; i++) writeFileSync(path.join(folder, "images", `${name}-${i}.png`), "0123456789");
  writeFileSync(path.join(folder, "manifest.json"), "{}");
}
