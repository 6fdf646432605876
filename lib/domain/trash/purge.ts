import { prisma, sqlState } from "@/lib/platform/db";
import { log } from "@/lib/platform/log";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getProjectState, getRemovalState, getTrainingState, getVersionState } from "@/lib/domain/item-state";
import type { ItemType } from "@/lib/domain/item-types";
import { authorize, authorizeSystem } from "@/lib/domain/permissions";
import { countDue, listDue, type Candidate } from "./due";
import { findVersionMadeOf, purgeImages } from "./purge-images";
import { claimProject, purgeClaimedProject } from "./purge-project";
import { purgeTrainings, purgeVersions, type Claim, type Gone } from "./purge-rows";
import { noteFailure, openRun, tallyOf, type OpenRun, type PurgeCounts } from "./runs";

// ── By hand ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Purges one item from Trash without waiting. For owners in the web app; by no API key, ever.
 * A project too large to go at once is claimed here and worked off by the scheduled run: `signal` bounds the wait.
 * Only as it was seen: `seenAt` is when it went to Trash, as listed; without it, as it is found now.
 * Throws `not_found`, `not_in_trash`, `purged`, and `busy` when somebody else is restoring or purging it, or a version is
 * being generated from it.
 */
export async function purgeItem(
  ctx: Context,
  input: { workspaceSlug: string; type: ItemType; id: string; seenAt?: Date },
  signal: AbortSignal,
): Promise<void> {
  const { workspaceId } = authorize(ctx, "purge", input.workspaceSlug);
  const seenAt = input.seenAt ?? (await getTrashedItem(workspaceId, input)).deletedAt;
  const claim: Claim = { reason: "BY_HAND", now: ctx.now, seen: new Map([[input.id, seenAt]]) };
  if (input.type === "PROJECT" && (await claimProject(ctx, workspaceId, input.id, claim))) {
    await purgeClaimedProject(ctx, workspaceId, input.id, claim, signal);
    return;
  }
  if (input.type === "VERSION" && (await purgeVersions(ctx, workspaceId, [input.id], claim)).has(input.id)) return;
  if (input.type === "TRAINING" && (await purgeTrainings(ctx, workspaceId, [input.id], claim)).has(input.id)) return;
  if (input.type === "IMAGES" && (await purgeImages(ctx, workspaceId, input.id, claim)).has(input.id)) return;
  throw await whyNotPurged(workspaceId, input, seenAt);
}

/** Why an item did not go: `not_found`, `purged`, `not_in_trash`, or `busy`, when somebody else is restoring or purging it, or a version is being made of it. */
export async function whyNotPurged(workspaceId: string, ref: AnyItemRef, seenAt: Date): Promise<DomainError> {
  try {
    const { name, deletedAt } = await getTrashedItem(workspaceId, ref);
    if (deletedAt.getTime() !== seenAt.getTime()) return changedSince(name);
    const number = ref.type === "IMAGES" ? await findVersionMadeOf(ref.id) : null;
    if (number !== null)
      return new DomainError(
        "busy",
        `Version ${number} is being generated from "${name}". They can be purged once that is over.`,
        { reason: "generating" },
      );
    return new DomainError("busy", `"${name}" is being restored or purged at this moment. Look again.`);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

/** It is in Trash, but not as it was seen. */
export const changedSince = (name: string): DomainError =>
  new DomainError(
    "not_in_trash",
    `"${name}" was restored and deleted again since you looked. It was left as it is; look again.`,
    { reason: "changed" },
  );

type AnyItemRef = { workspaceSlug: string; type: ItemType; id: string };

/** An item in Trash. Throws `not_found`, `purged`, `not_in_trash`. */
async function getTrashedItem(workspaceId: string, ref: AnyItemRef): Promise<{ name: string; deletedAt: Date }> {
  const { name, deletedAt } = await getItemState(workspaceId, ref);
  if (!deletedAt) throw new DomainError("not_in_trash", `"${name}" is not in Trash. Nothing was purged.`);
  return { name, deletedAt };
}

/** An item, live or in Trash. Throws `not_found`, `purged`. */
async function getItemState(workspaceId: string, input: AnyItemRef): Promise<{ name: string; deletedAt: Date | null }> {
  switch (input.type) {
    case "PROJECT":
      return getProjectState(workspaceId, { workspaceSlug: input.workspaceSlug, projectId: input.id });
    case "TRAINING":
      return getTrainingState(
        workspaceId,
        { workspaceSlug: input.workspaceSlug, trainingId: input.id },
        { inTrashedParent: true },
      );
    case "VERSION":
      return getVersionStateById(workspaceId, input);
    case "IMAGES":
      return getRemovalState(workspaceId, { workspaceSlug: input.workspaceSlug, removalId: input.id });
  }
}

async function getVersionStateById(workspaceId: string, { workspaceSlug, id }: { workspaceSlug: string; id: string }) {
  const key =
    (await prisma().version.findUnique({ where: { id }, select: { projectId: true, number: true } })) ??
    (await findPurgedVersion(id));
  if (!key) throw new DomainError("not_found", "There is no such version.");
  return getVersionState(workspaceId, { workspaceSlug, ...key }, { inTrashedProject: true });
}

async function findPurgedVersion(id: string): Promise<{ projectId: string; number: number } | null> {
  const receipt = await prisma().purgeReceipt.findUnique({
    where: { itemType_itemId: { itemType: "VERSION", itemId: id } },
    select: { projectId: true, versionNumber: true },
  });
  return receipt && { projectId: receipt.projectId, number: receipt.versionNumber! };
}

// ── The scheduled run ────────────────────────────────────────────────────────────────────────────────────────────────

/** What may hold so much that it goes in a transaction, or more, of its own. */
const GOES_ALONE: ReadonlySet<ItemType> = new Set(["PROJECT", "IMAGES"]);

/** Neighbours of one type and workspace go together; the order, oldest first, stays. Projects and images go one by one. */
export function groupNeighbours<C extends Candidate>(items: readonly C[]): C[][] {
  const groups: C[][] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (last && !GOES_ALONE.has(item.type) && last[0]!.type === item.type && last[0]!.workspaceId === item.workspaceId)
      last.push(item);
    else groups.push([item]);
  }
  return groups;
}

/** Purges a group that groupNeighbours made, as far as its items are still due and nobody holds them. Answers which went whole. */
export async function purgeGroup(
  ctx: Context,
  items: readonly Candidate[],
  claim: Claim,
  signal: AbortSignal,
): Promise<Gone> {
  const { type, workspaceId, id } = items[0]!;
  const ids = items.map((item) => item.id);
  switch (type) {
    case "VERSION":
      return purgeVersions(ctx, workspaceId, ids, claim);
    case "TRAINING":
      return purgeTrainings(ctx, workspaceId, ids, claim);
    case "IMAGES":
      return purgeImages(ctx, workspaceId, id, claim);
    case "PROJECT":
      return (await claimProject(ctx, workspaceId, id, claim))
        ? finishProject(ctx, items[0]!, claim, signal)
        : new Set();
  }
}

/** Works off a project whose purge has begun. */
async function finishProject(
  ctx: Context,
  { id, workspaceId }: Candidate,
  claim: Claim,
  signal: AbortSignal,
): Promise<Gone> {
  return (await purgeClaimedProject(ctx, workspaceId, id, claim, signal)) ? new Set([id]) : new Set();
}

/** A run has a budget and others to purge: it waits for a lock much shorter than a person does. */
const LOCK_TIMEOUT_MS = 2_000;
const LOCK_TIMEOUT_STATE = "55P03";

/**
 * Purges everything whose time has come by `ctx.now`. Oldest first, in short
 * transactions, until `signal` aborts; whatever waits, it ends soon after. Safe to run twice at once and to be killed: what
 * is left is left for the next run. An item that fails is logged and counted, and does not keep the others. A workspace
 * whose rows somebody holds is tried once: what is due in it is skipped until the next run, since each further try would
 * wait as long. A run that only reports counts what is due and purges nothing; but what a purge has begun it finishes,
 * since nothing brings that back.
 */
export async function purgeExpired(
  ctx: Context,
  signal: AbortSignal,
  run: OpenRun = openRun("ON"),
): Promise<PurgeCounts> {
  authorizeSystem(ctx);
  const claim: Claim = { reason: "EXPIRED", now: ctx.now, lockTimeoutMs: LOCK_TIMEOUT_MS };
  const counts = { purged: 0, skipped: 0, failed: 0 };
  const held = new Set<string>();

  function add(workspaceId: string, more: Partial<typeof counts>): void {
    const tally = tallyOf(run, workspaceId);
    for (const key of ["purged", "skipped", "failed"] as const) {
      counts[key] += more[key] ?? 0;
      tally[key] += more[key] ?? 0;
    }
  }

  /** Of one type and workspace. False: one of them fails, and which is not known. */
  async function attempt(items: readonly Candidate[], work: () => Promise<Gone>): Promise<boolean> {
    const { type, id, workspaceId } = items[0]!;
    try {
      const purged = held.has(workspaceId) ? 0 : (await work()).size;
      add(workspaceId, { purged, skipped: items.length - purged });
      return true;
    } catch (error) {
      const told = { err: error, type, itemId: id, workspaceId, requestId: ctx.requestId };
      if (sqlState(error) === LOCK_TIMEOUT_STATE) {
        held.add(workspaceId);
        add(workspaceId, { skipped: items.length });
        log().warn(told, "a workspace is held by somebody else; the next run purges what is due in it");
        return true;
      }
      if (items.length > 1) return false; // one by one, to find which
      add(workspaceId, { failed: 1 });
      noteFailure(run, { type, id, workspaceId }, error);
      log().error(told, "purge failed");
      return true;
    }
  }

  for await (const { begun, items } of listDue(ctx)) {
    if (signal.aborted) break;
    if (!begun && run.mode === "REPORT") {
      for (const { workspaceId } of items) tallyOf(run, workspaceId).due += 1;
      continue;
    }
    const purge = (group: readonly Candidate[]) =>
      begun ? finishProject(ctx, group[0]!, claim, signal) : purgeGroup(ctx, group, claim, signal);
    for (const group of groupNeighbours(items)) {
      if (signal.aborted) break;
      if (await attempt(group, () => purge(group))) continue;
      for (const item of group) {
        if (signal.aborted) break;
        await attempt([item], () => purge([item]));
      }
    }
  }

  return (run.counts = { ...counts, remaining: await countDue(ctx) });
}
