import { open } from "node:fs/promises";
import { addAbortSignal } from "node:stream";
import { systemContext, type Context } from "@/lib/domain/context";
import { DomainError, isBusy } from "@/lib/domain/errors";
import type { FailureReason } from "@/lib/domain/generation-failure";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import {
  awaitImport,
  beginImportedVersion,
  claimImport,
  completeImport,
  discardImport,
  GENERATOR_LEASE_MS,
  giveUpImport,
  heartbeatGeneration,
  refuseImport,
  settleLostImport,
  takeImportedVersion,
  type ClaimedImport,
  type ImportedVersion,
  type ImportInput,
  type ImportProblem,
  type VersionOrigin,
} from "@/lib/domain/versions";
import { personContext } from "@/lib/domain/people";
import { holdTask, releaseTask, TASK_LEASE_MS, zipKey } from "@/lib/domain/tasks";
import { systemMembership } from "@/lib/domain/workspaces";
import { GrantLost, openWriter, type Writer } from "@/lib/domain/writer";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";
import { env } from "@/lib/platform/env";
import { log } from "@/lib/platform/log";
import { keepAlive } from "@/lib/work/keep-alive";
import { tidyUp } from "@/lib/work/sweep";
import { HandleReader } from "@/lib/work/uploads/handle-reader";
import { spool, withTemporaryFile } from "@/lib/work/uploads/spool";
import { removeUsedZips, storeZip } from "@/lib/work/uploads/zips";
import { lookInto, type Dataset } from "./dataset";
import { describeImages, storeImages } from "./imported-images";
import { explainLeftOut } from "./left-out";
import { writeManifest } from "./manifest";

/*
 * The worker that makes versions of zips. It looks into the zip, in place from a temporary copy, and has the version begun: from then
 * on it holds the task's lease and the version's generation together, and publishes chunk by chunk as the generator does. What the
 * annotations say comes last, when the size of every image is known; the manifest names what counts.
 */

/** Often enough that a worker is gone well within 2 s of a trash. */
const HEARTBEAT_MS = 500;

/** `lost`: cancelled, in Trash, paused with its project, or another's. */
export type ImportEnd = "ready" | "failed" | "interrupted" | "lost";

/** Why an import cannot succeed once its version is begun. */
export class ImportFailure extends Error {
  override readonly name = "ImportFailure";
  constructor(
    readonly reason: FailureReason,
    readonly detail: string | null = null,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/**
 * Begins an import of a zip that comes now. Throws as awaitImport, `payload_too_large`, `invalid_request` when the sender breaks off; then
 * nothing was begun.
 */
export async function sendImport(
  ctx: Context,
  ref: SluggedProjectRef,
  input: ImportInput,
  zip: Parameters<typeof storeZip>[2],
): Promise<{ taskId: string }> {
  const { taskId } = await awaitImport(ctx, ref, input);
  try {
    await storeZip(await systemContext("imports", { now: ctx.now }), taskId, zip);
  } catch (error) {
    await discardImport(taskId);
    throw error;
  }
  return { taskId };
}

/** Works off the imports that wait, oldest first, until none is left or `signal` aborts; `stopping` ends the one at hand as well. */
export async function importVersions(
  ctx: Context,
  signal: AbortSignal,
  stopping: AbortSignal = signal,
): Promise<Record<ImportEnd, number>> {
  const counts = { ready: 0, failed: 0, interrupted: 0, lost: 0 };
  while (!signal.aborted) {
    const task = await claimImport(ctx);
    if (!task) break;
    counts[await work(ctx, task, stopping)] += 1;
  }
  await removeUsedZips(ctx);
  return counts;
}

/** Works off one import now, in this process. null: it does not wait for anybody. */
export async function importVersionNow(
  ctx: Context,
  taskId: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<ImportEnd | null> {
  const task = await claimImport(ctx, { taskId });
  const end = task && (await work(ctx, task, signal));
  await removeUsedZips(ctx);
  return end;
}

/** What an import is holding, and how far it is. */
interface Hold {
  done: number;
  total: number | null;
  version: ImportedVersion | null;
}

async function work(ctx: Context, task: ClaimedImport, signal: AbortSignal): Promise<ImportEnd> {
  const hold: Hold = { done: 0, total: null, version: null };
  const beat = async () => (await holdTask(task, { ...hold, fresh: true })) && (await renewVersion(ctx, hold)) !== null;
  const pulse = keepAlive(beat, { everyMs: HEARTBEAT_MS, leaseMs: TASK_LEASE_MS });
  const stop = AbortSignal.any([signal, pulse.lost]);
  try {
    const end = await withTemporaryFile((file) => importInto(ctx, task, file, hold, stop));
    await pulse.stop();
    return end;
  } catch (error) {
    await pulse.stop();
    const grantLost = error instanceof GrantLost;
    if (stop.aborted || grantLost || error instanceof Lost)
      return settle(ctx, task, hold, signal.aborted && !grantLost);
    if (error instanceof ImportFailure) {
      log().info({ taskId: task.taskId, reason: error.reason }, "an import failed");
      await giveUpImport(ctx, { ...task, versionId: hold.version?.lease.versionId ?? null }, error);
      return "failed";
    }
    log().error({ err: error, taskId: task.taskId, attempt: task.attempt }, "a version could not be imported");
    await releaseTask(task, { failed: true });
    return "failed";
  } finally {
    if (hold.version) await tidyUp(hold.version.grant);
  }
}

/** No longer the one to do it. */
class Lost extends Error {
  override readonly name = "Lost";
}

const renewVersion = async (ctx: Context, { version, done }: Hold) => {
  if (!version) return undefined;
  const term = await heartbeatGeneration(ctx, version.lease, Math.min(done / (version.images + 1), 1));
  if (term) Object.assign(version.grant, term);
  return term;
};

async function settle(
  ctx: Context,
  task: ClaimedImport,
  { version }: Hold,
  stopped: boolean,
): Promise<"interrupted" | "lost"> {
  if (version && !stopped && (await settleLostImport(ctx, task, version.lease.versionId)) === "over") return "lost";
  await releaseTask(task, { failed: false });
  return stopped ? "interrupted" : "lost";
}

/** All of it. Throws ImportFailure, GrantLost, Lost; what else it throws another attempt may do better. */
async function importInto(
  system: Context,
  task: ClaimedImport,
  file: string,
  hold: Hold,
  stop: AbortSignal,
): Promise<ImportEnd> {
  const refuse = async (problem: ImportProblem): Promise<"failed"> => {
    await refuseImport(task, problem);
    return "failed";
  };
  try {
    const ctx = await contextOf(task);
    const zipSha256 = await fetchZip(task, file, stop);
    const handle = await open(file);
    try {
      const dataset = await lookInto(await HandleReader.of(handle), task.projectType);
      hold.total = dataset.images.length;
      const version = await begin(system, ctx, task, dataset);
      if (version === "over") throw new Lost("It is over.");
      hold.version = version;
      return await fill(system, task, version, { ...dataset, zipSha256 }, hold, stop);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (hold.version === null && error instanceof DomainError && !isBusy(error) && !stop.aborted) {
      if (error.code === "in_trash") throw new Lost("Its project is in Trash.", { cause: error });
      const { code, publicMessage: message, details } = error;
      if (task.versionId === null) return refuse({ code, message, details });
      await giveUpImport(system, task, { reason: "internal" });
      return "failed";
    }
    throw error;
  }
}

/** With the rights of whoever asked for it, as they are now. */
async function contextOf(task: ClaimedImport): Promise<Context> {
  if (task.input.system) return systemContext("admin", { membership: await systemMembership(task.workspaceSlug) });
  const ctx = await personContext(task.userId, task.taskId);
  if (!ctx) throw new DomainError("forbidden", "The account of whoever sent the zip is gone.");
  return ctx;
}

/** Copies the zip to this machine; answers its hash. */
async function fetchZip(task: ClaimedImport, file: string, stop: AbortSignal): Promise<string> {
  try {
    const stream = addAbortSignal(stop, await blobStore().stream(zipKey(task.projectId, task.fileId)));
    return (await spool(stream, file, env().zipBytesMax)).sha256;
  } catch (error) {
    if (error instanceof BlobNotFoundError)
      throw new DomainError("not_found", "The zip is not there any more. Send it again.", {}, { cause: error });
    throw error;
  }
}

async function begin(
  system: Context,
  ctx: Context,
  task: ClaimedImport,
  { images, format, origin }: Dataset,
): Promise<ImportedVersion | "over"> {
  const { fileName, name, createdAt } = task.input;
  const made = createdAt === null ? origin.createdAt : new Date(createdAt);
  const versionId = await beginImportedVersion(ctx, task, {
    images: images.length,
    number: origin.number,
    name: name ?? origin.name ?? nameOf(fileName),
    createdAt: made !== null && made <= ctx.now ? made : null,
    origin: {
      file: fileName,
      format,
      importedAt: ctx.now.toISOString(),
      workspace: origin.workspace,
      project: origin.project,
      number: origin.number,
      left: null,
    },
  });
  if (versionId === null) return "over";
  const version = await takeImportedVersion(system, task, versionId);
  if (version) return version;
  await settleLostImport(system, task, versionId);
  return "over";
}

/** A zip's name without its ending, as the name of a version. */
const nameOf = (fileName: string): string =>
  fileName
    .replace(/(?<=.)\.zip$/i, "")
    .slice(0, 200)
    .replace(/\p{Cs}$/u, "")
    .trim() || "import";

/** What was left out and is told one by one. */
const TOLD_MAX = 100;

async function fill(
  ctx: Context,
  task: ClaimedImport,
  version: ImportedVersion,
  dataset: Dataset & { zipSha256: string },
  hold: Hold,
  stop: AbortSignal,
): Promise<ImportEnd> {
  const renew = async () => (await renewVersion(ctx, hold)) ?? null;
  const writer: Writer = await openWriter(version.grant, { leaseMs: GENERATOR_LEASE_MS, renew });
  const stored = await storeImages(ctx, version, dataset, writer, stop, (done) => (hold.done = done));
  if (stored.every(({ file }) => file === null)) throw new ImportFailure("no_images");
  const described = await describeImages(dataset, stored, stop);
  const settings = { seed: 0, preprocessing: {}, augmentation: {}, splits: null };
  const { path, bytes, facts } = writeManifest({ type: version.type, settings }, described.files, described.order);
  await writer.put(path, bytes);
  stop.throwIfAborted();
  await holdTask(task, { ...hold, fresh: true });
  const left = [...dataset.left, ...described.left];
  const origin: VersionOrigin = { ...version.origin, left: { count: left.length, files: left.slice(0, TOLD_MAX) } };
  const completed = await completeImport(
    ctx,
    task,
    version.lease,
    { ...facts, origin },
    {
      succeeded: facts.trainImages + facts.validImages + facts.testImages,
      failed: left.length,
      failures: left.slice(0, TOLD_MAX).map((one) => ({ item: one.file, error: explainLeftOut(one) })),
      version: version.number,
    },
  );
  if (!completed) throw new Lost("Another has it, or it is in Trash.");
  return "ready";
}
