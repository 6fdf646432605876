import type { Context } from "@/lib/domain/context";
import {
  findGenerationChunk,
  keepGenerationChunk,
  type ImportedVersion,
  type LeftOutFile,
} from "@/lib/domain/versions";
import { GrantLost, type Writer } from "@/lib/domain/writer";
import { parseAnnotations } from "@/lib/engine/annotations/annotations";
import type { Box } from "@/lib/engine/boxes";
import { ImageDecodeError, inspectImage } from "@/lib/engine/decode";
import { RENDERS_IN_FLIGHT } from "@/lib/engine/generate";
import { ClassOrder } from "@/lib/engine/imports/class-order";
import { sha256Of, type ManifestFile } from "@/lib/engine/manifest";
import { newId } from "@/lib/platform/id";
import { createGate } from "@/lib/work/gate";
import { batchAnnotations } from "@/lib/work/uploads/annotation-batches";
import { baseName } from "@/lib/work/uploads/placing";
import type { Dataset, DatasetImage } from "./dataset";

/* The images of an imported version: their bytes as they are, chunk by chunk, and then what is marked on them. */

/** What a killed worker has done for nothing, at most. */
const CHUNK_IMAGES = 64;

/** Text of annotation files that is read at once. */
const BATCH_BYTES = 64 * 1024 * 1024;

/** An image of the zip with what became of it. */
export interface StoredImage {
  /** Its path in the zip. */
  from: string;
  /** As the manifest has it, boxes aside; null: it cannot be used. */
  file: ManifestFile | null;
  /** Why. */
  code?: string;
}

/** Publishes every image that can be used, and answers all in the order of the zip. Says after each chunk how many it has. */
export async function storeImages(
  ctx: Context,
  { lease }: ImportedVersion,
  { images, zipSha256 }: Dataset & { zipSha256: string },
  writer: Writer,
  stop: AbortSignal,
  onProgress: (done: number) => void,
): Promise<StoredImage[]> {
  const stored: StoredImage[] = [];
  const gate = createGate(RENDERS_IN_FLIGHT);
  for (let start = 0; start < images.length; start += CHUNK_IMAGES) {
    stop.throwIfAborted();
    const chunk = images.slice(start, start + CHUNK_IMAGES);
    const facts = chunk.map(({ file, split, label }) => [file.path, file.sizeBytes, split, label]);
    const key = sha256Of(JSON.stringify([zipSha256, start, facts]));
    const made = await findGenerationChunk<StoredImage>(ctx, lease.versionId, key);
    if (made) {
      stored.push(...made.entries);
      onProgress(stored.length);
      continue;
    }
    const attemptId = newId();
    const settled = await Promise.allSettled(
      chunk.map((image, place) => gate(() => storeOne(image, `images/${attemptId}/`, start + place, writer, stop))),
    );
    for (const one of settled) if (one.status === "rejected") throw one.reason;
    const entries = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const files = entries.flatMap(({ file }) => file ?? []);
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    stop.throwIfAborted();
    if (!(await keepGenerationChunk(ctx, lease, { key, attemptId, entries, files: files.length, sizeBytes })))
      throw new GrantLost("The import is not this worker's any more.");
    stored.push(...entries);
    onProgress(stored.length);
  }
  return stored;
}

async function storeOne(
  { file, split, label }: DatasetImage,
  folder: string,
  place: number,
  writer: Writer,
  stop: AbortSignal,
): Promise<StoredImage> {
  stop.throwIfAborted();
  const from = file.path;
  const blob = await file.open().catch(() => null); // not what the zip says of it
  if (!blob) return { from, file: null, code: "brokenEntry" };
  const bytes = Buffer.from(await blob.arrayBuffer());
  try {
    const { contentType, width, height } = await inspectImage(bytes);
    const path = `${folder}${split}/${String(place).padStart(6, "0")}.${extensionOf(contentType)}`;
    await writer.put(path, bytes);
    return {
      from,
      file: {
        path,
        name: baseName(from),
        sha256: sha256Of(bytes),
        sizeBytes: bytes.length,
        width,
        height,
        split,
        label,
        boxes: [],
        sourceImageId: null,
        output: 0,
      },
    };
  } catch (error) {
    if (error instanceof ImageDecodeError) return { from, file: null, code: "unusableImage" };
    throw error;
  }
}

const extensionOf = (contentType: string): string =>
  contentType === "image/jpeg" ? "jpg" : contentType.slice("image/".length);

/** The images with what is marked on them, and the order of their classes. */
export interface DescribedImages {
  files: ManifestFile[];
  order: (used: readonly string[]) => string[];
  /** Images that cannot be used, and what of the annotations could not be taken. */
  left: LeftOutFile[];
}

/** Reads what the annotation files say of the images that are stored. An image has its boxes from the first file that has some. */
export async function describeImages(
  { annotations }: Dataset,
  stored: readonly StoredImage[],
  stop: AbortSignal,
): Promise<DescribedImages> {
  const left = new Map<string, LeftOutFile>();
  const leave = (one: LeftOutFile) => {
    const key = `${one.code} ${one.file}`;
    if (!left.has(key)) left.set(key, one);
  };
  for (const { from, file, code } of stored) if (!file) leave({ file: from, code: code ?? "unusableImage", count: 1 });

  const usable = stored.flatMap(({ from, file }) => (file ? [{ from, file }] : []));
  const named = usable.map(({ from, file: { path, width, height } }) => ({ id: path, name: from, width, height }));
  const order = new ClassOrder();
  const boxes = new Map<string, readonly Box[]>();
  for await (const batch of batchAnnotations(annotations, BATCH_BYTES)) {
    stop.throwIfAborted();
    if ("unreadable" in batch) {
      leave({ file: batch.unreadable, code: "brokenEntry", count: 1 });
      continue;
    }
    for (const file of batch.files) order.read(file);
    const found = parseAnnotations(batch.files, named, null, { exact: true });
    for (const { file, code, count, details } of found.problems) leave({ file, code, count, details });
    for (const [id, of] of found.boxes) if (!boxes.has(id)) boxes.set(id, of);
  }
  return {
    files: usable.map(({ file }) => ({ ...file, boxes: [...(boxes.get(file.path) ?? [])] })),
    order: (used) => order.list(used),
    left: [...left.values()],
  };
}
