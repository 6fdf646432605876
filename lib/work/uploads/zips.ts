import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import type { Context } from "@/lib/domain/context";
import { DomainError, isBusy, type ErrorCode } from "@/lib/domain/errors";
import { assertCanAddImage, takeUploadsGrant, UPLOADS_LEASE_MS } from "@/lib/domain/images";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import { personContext } from "@/lib/domain/people";
import { NAME_OF_SPLIT, SPLITS } from "@/lib/domain/splits";
import {
  claimZip,
  completeZipUpload,
  endTask,
  forgetOldTasks,
  forgetZipFile,
  getAwaitedZip,
  holdTask,
  listUsedZips,
  releaseTask,
  TASK_LEASE_MS,
  zipKey,
  ZIPS_FOLDER,
  type ClaimedZip,
  type TaskEnd,
  type TaskFailure,
  type TaskResult,
} from "@/lib/domain/tasks";
import { GrantLost } from "@/lib/domain/writer";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";
import { env } from "@/lib/platform/env";
import { newId } from "@/lib/platform/id";
import { log } from "@/lib/platform/log";
import { readChunks } from "@/lib/work/chunks";
import { keepAlive } from "@/lib/work/keep-alive";
import { createKeptWriters } from "@/lib/work/kept-writers";
import { explainProblem, isReduction } from "./annotation-problems";
import { applyAnnotationFiles } from "./annotations";
import { batchAnnotations } from "./annotation-batches";
import { explainNote } from "./image-notes";
import { uploadImage } from "./images";
import { HandleReader } from "./handle-reader";
import { sortZip, type Intake } from "./intake";
import { place } from "./placing";
import { REFUSAL_SENTENCES, WHOLE_REFUSALS } from "./zip-refusals";
import { ANNOTATION_BYTES_MAX } from "./settings";
import { spool, tooLarge, withTemporaryFile } from "./spool";
import type { UploadFile } from "./upload-file";

/*
 * Zips of images over the API: stored as they come, then unpacked by a worker as a browser unpacks them, image by image, by
 * the same rules (intake, zip-files, placing) and the same way into the project. What cannot be taken is told and harms
 * nothing else.
 */

const writers = createKeptWriters({ leaseMs: UPLOADS_LEASE_MS });

/**
 * Stores the zip that a link is for. Throws `not_found`, `in_trash`, `already_exists`, `payload_too_large`,
 * `invalid_request` when the sender breaks off.
 */
export async function storeZip(
  ctx: Context,
  taskId: string,
  { body, announcedBytes }: { body: ReadableStream<Uint8Array> | Readable | null; announcedBytes: number },
): Promise<void> {
  const project = await getAwaitedZip(ctx, taskId);
  const { zipBytesMax } = env();
  if (announcedBytes > zipBytesMax) throw tooLarge(zipBytesMax, "zip");
  if (!body) throw new DomainError("invalid_request", "There is no body. Send the zip as the body.", { field: "zip" });
  const fileId = newId();
  let named = false;
  try {
    await writers.use(
      project.id,
      () => takeUploadsGrant(project, "UPLOADS", UPLOADS_LEASE_MS),
      async (writer) => {
        const chunks = body instanceof Readable ? body : readChunks(body);
        const bytes = Readable.from(bounded(chunks, zipBytesMax), { objectMode: false });
        const { sizeBytes } = await writer.put(`${ZIPS_FOLDER}${fileId}`, bytes);
        named = await completeZipUpload(ctx, project, { taskId, fileId, sizeBytes, grantId: writer.grant.id });
      },
    );
    if (!named) throw new DomainError("busy", "The upload was interrupted for too long. Send the zip again.");
  } catch (error) {
    if (!named) await blobStore().remove([zipKey(project.id, fileId)]);
    if (!(error instanceof GrantLost)) throw error;
    await getAwaitedZip(ctx, taskId); // throws that the project is in Trash
    throw new DomainError("busy", "The upload was interrupted for too long. Send the zip again.");
  }
}

async function* bounded(chunks: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw tooLarge(bytesMax, "zip");
    yield chunk;
  }
}

// ── Unpacking ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Images of one zip that are under way at once. */
const AT_ONCE = 4;
const HEARTBEAT_MS = 1_000;
/** Failures that are told one by one. */
const TOLD_MAX = 200;
/** Goes at one file while the database or the store is busy. */
const TRIES = 3;

export interface UnpackCounts {
  completed: number;
  /** Given up, or to be tried again. */
  failed: number;
}

/** Unpacks every zip that waits, one after the other, until there is none or `signal` aborts; then tidies up after them. */
export async function unpackZips(ctx: Context, signal: AbortSignal): Promise<UnpackCounts> {
  const counts: UnpackCounts = { completed: 0, failed: 0 };
  while (!signal.aborted) {
    const zip = await claimZip(ctx);
    if (!zip) break;
    const outcome = await unpack(zip, signal);
    if (outcome !== "stopped") counts[outcome] += 1;
  }
  await removeUsedZips(ctx);
  return counts;
}

/** Takes away the zips of tasks that are over, and forgets tasks that are too old. */
export async function removeUsedZips(ctx: Context): Promise<void> {
  for (const { taskId, key } of await listUsedZips(100)) {
    await blobStore().remove([key]);
    await forgetZipFile(taskId);
  }
  await forgetOldTasks(ctx);
}

async function unpack(zip: ClaimedZip, signal: AbortSignal): Promise<"completed" | "failed" | "stopped"> {
  const progress = { done: 0, total: null as number | null };
  const lease = keepAlive(() => holdTask(zip, progress), { everyMs: HEARTBEAT_MS, leaseMs: TASK_LEASE_MS });
  const stop = AbortSignal.any([signal, lease.lost]);
  try {
    const how = await withTemporaryFile((file) => work(zip, file, progress, stop));
    await holdTask(zip, progress);
    return (await endTask(zip, how)) && "result" in how ? "completed" : "failed";
  } catch (error) {
    await releaseTask(zip, { failed: !stop.aborted });
    if (stop.aborted) return "stopped";
    log().error({ err: error, taskId: zip.taskId, attempt: zip.attempt }, "a zip could not be unpacked");
    return "failed";
  } finally {
    await lease.stop();
  }
}

/** All of it, with the rights of whoever sent it. Throws what another attempt may do better. */
async function work(
  zip: ClaimedZip,
  file: string,
  progress: { done: number; total: number | null },
  stop: AbortSignal,
): Promise<TaskEnd> {
  const ctx = await personContext(zip.userId, zip.taskId);
  if (!ctx) return { problem: "The account of whoever sent the zip is gone." };
  try {
    await spool(await blobStore().stream(zipKey(zip.projectId, zip.fileId)), file, env().zipBytesMax);
  } catch (error) {
    if (error instanceof BlobNotFoundError) return { problem: "The zip is not there any more. Send it again." };
    throw error;
  }
  const handle = await open(file);
  try {
    const reader = await HandleReader.of(handle);
    const limits = { imageBytes: env().imageBytesMax, annotationBytes: ANNOTATION_BYTES_MAX };
    const intake = await sortZip({ path: "zip", sizeBytes: reader.size, reader }, limits);
    const [first] = intake.refused;
    const whole = first?.path === "zip" ? WHOLE_REFUSALS[first.reason] : undefined;
    if (whole !== undefined) return { problem: whole };
    progress.total = intake.images.length;
    return { result: await addAll(ctx, zip, intake, progress, stop) };
  } catch (error) {
    if (error instanceof DomainError && STOPPING.includes(error.code)) return { problem: error.publicMessage };
    throw error;
  } finally {
    await handle.close();
  }
}

/** After these nothing else of the zip can be added either. */
const STOPPING: readonly ErrorCode[] = ["not_found", "in_trash", "purged", "forbidden", "missing_scope"];

async function addAll(
  ctx: Context,
  zip: ClaimedZip,
  intake: Intake,
  progress: { done: number },
  stop: AbortSignal,
): Promise<TaskResult> {
  const ref: SluggedProjectRef = zip;
  const classes = (await assertCanAddImage(ctx, ref, null)).type === "CLASSIFICATION";
  const description = { tags: zip.tags, batch: zip.batch, sequence: null, metadata: {} };
  const failures: TaskFailure[] = intake.refused.map(({ path, reason }) => ({
    item: path,
    error: REFUSAL_SENTENCES[reason],
  }));
  const notes: TaskFailure[] = [];
  const sent: { id: string; name: string }[] = [];
  let duplicates = 0;

  async function add(file: UploadFile): Promise<void> {
    const placing = {
      split: zip.split === null ? "folders" : NAME_OF_SPLIT[zip.split],
      classesFromFolders: classes,
      label: "",
    } as const;
    const { split, label } = place(file.path, placing, intake.listed.of(file.path));
    try {
      const bytes = await inflate(file);
      const facts = { fileName: file.path, split: SPLITS[split], label: classes ? label : null, description };
      const { id, duplicate, notes: told = [] } = await patiently(() => uploadImage(ctx, ref, [bytes], facts), stop);
      sent.push({ id, name: file.path });
      if (duplicate) duplicates += 1;
      for (const note of told) notes.push({ item: file.path, error: explainNote(note) });
    } catch (error) {
      if (!(error instanceof DomainError) || error.code === "busy" || STOPPING.includes(error.code)) throw error;
      failures.push({ item: file.path, error: error.publicMessage });
    }
    progress.done += 1;
  }

  const images = intake.images.values();
  async function addNext(): Promise<void> {
    for (const file of images) {
      stop.throwIfAborted();
      await add(file);
    }
  }
  const running = await Promise.allSettled(Array.from({ length: AT_ONCE }, addNext));
  for (const one of running) if (one.status === "rejected") throw one.reason;

  const { annotated, problems, reductions } = classes
    ? { annotated: 0, problems: [], reductions: [] }
    : await annotate(ctx, ref, intake.annotations, sent, stop);
  failures.push(...problems);
  notes.push(...reductions);
  if (classes)
    for (const { path } of intake.annotations.filter(({ path }) => !path.endsWith(".data")))
      failures.push({
        item: path,
        error: "Not read: images of a classification project have a class, from their folder.",
      });
  return {
    succeeded: sent.length,
    failed: failures.length,
    failures: failures.slice(0, TOLD_MAX),
    added: sent.length - duplicates,
    notes: notes.slice(0, TOLD_MAX),
    duplicates,
    annotated,
  };
}

/** Throws `unreadable_image` for what is not what the zip says of it. */
async function inflate(file: UploadFile): Promise<Uint8Array> {
  const blob = await file.open().catch((error: unknown) => {
    throw new DomainError("unreadable_image", "It cannot be unpacked: the zip is broken there.", {}, { cause: error });
  });
  return new Uint8Array(await blob.arrayBuffer());
}

async function patiently<T>(run: () => Promise<T>, stop: AbortSignal): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await run();
    } catch (error) {
      if (tried === TRIES || stop.aborted || !isBusy(error)) throw error;
    }
  }
}

async function annotate(
  ctx: Context,
  ref: SluggedProjectRef,
  files: readonly UploadFile[],
  images: readonly { id: string; name: string }[],
  stop: AbortSignal,
): Promise<{ annotated: number; problems: TaskFailure[]; reductions: TaskFailure[] }> {
  const problems = new Map<string, TaskFailure>();
  const reductions: TaskFailure[] = [];
  let annotated = 0;
  for await (const batch of batchAnnotations(files, ANNOTATION_BYTES_MAX)) {
    stop.throwIfAborted();
    if ("unreadable" in batch) {
      problems.set(batch.unreadable, { item: batch.unreadable, error: "It cannot be unpacked, or is too large." });
      continue;
    }
    const applied = await patiently(
      () => applyAnnotationFiles(ctx, ref, { files: batch.files, images, overwrite: false }),
      stop,
    );
    annotated += applied.annotated;
    for (const problem of applied.problems) {
      const told = { item: problem.file, error: explainProblem(problem) };
      if (isReduction(problem.code)) reductions.push(told);
      else problems.set(`${told.item}\0${told.error}`, told); // files of class names come with every batch
    }
  }
  return { annotated, problems: [...problems.values()], reductions };
}
