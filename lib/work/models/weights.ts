import { open, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { DomainError } from "@/lib/domain/errors";
import { GrantLost, type Writer } from "@/lib/domain/writer";
import type { OnnxModel } from "@/lib/engine/onnx/model";
import { inspectInProcess } from "@/lib/engine/onnx/process";
import { OnnxError } from "@/lib/engine/onnx/proto";
import { env } from "@/lib/platform/env";
import { readChunks } from "@/lib/work/chunks";
import { createGate } from "@/lib/work/gate";
import { keepAlive } from "@/lib/work/keep-alive";
import { tooLarge, withTemporaryFile } from "@/lib/work/uploads/spool";
import { onnxScript } from "./onnx-script";
import { unpackOnnx } from "./unzip";

/*
 * Weights on their way in, whoever sends them: they go to the store and, where they may be an ONNX file or a zip with one in
 * it, to a temporary file as well, which is looked at before anything names what was stored.
 */

/** A file of weights that is being sent. */
export interface SentWeights {
  body: ReadableStream<Uint8Array> | null;
  /** What the sender says that it has; 0 when it does not say. */
  announcedBytes: number;
}

/** An ONNX file as it is stored: by itself, or in a zip. */
export interface StoredOnnx extends OnnxModel {
  /** Its path in the zip that is stored; null: it is what is stored. */
  entry: string | null;
}

export interface StoredWeights {
  sizeBytes: number;
  /** What it looks like from outside; a zip that cannot be read is no zip. */
  kind: "onnx" | "zip" | "other";
  /** null: kept as they are, and not served. */
  onnx: StoredOnnx | null;
}

/** An object store buffers some megabytes of each. */
const storing = createGate(8, 0);
/** Each look is a process of its own. */
const looking = createGate(2, 16);

const RENEW_EVERY_MS = 5_000;

/** Throws `payload_too_large` and `invalid_request` for what need not be read. */
export function assertSent({ body, announcedBytes }: SentWeights): void {
  const { weightsBytesMax } = env();
  if (announcedBytes > weightsBytesMax) throw tooLarge(weightsBytesMax, "weights");
  if (!body) throw noWeights();
}

const noWeights = (): DomainError =>
  new DomainError("invalid_request", "There are no weights. Send the file as the body.", { field: "weights" });

/** Of an ONNX file that cannot be served, with the reason, which says what to do. */
export const refused = (error: OnnxError): DomainError =>
  new DomainError("invalid_input", error.message, { field: "weights", why: error.message });

/**
 * Stores the body at `path`, whole or not at all, and looks at it. `renew` keeps the sender's rights alive meanwhile.
 * Never holds more than a chunk. Throws `payload_too_large` beyond MAX_WEIGHTS_MB, `invalid_request` for an empty body or
 * one that broke off, `invalid_input` for an ONNX file that cannot be served, `busy` when too many are under way, and
 * GrantLost. What was stored then is named by nothing, and its grant's sweep takes it.
 */
export async function storeAndInspect(
  writer: Writer,
  path: string,
  sent: SentWeights,
  renew: () => Promise<boolean>,
): Promise<StoredWeights> {
  const { body } = sent;
  if (!body) throw noWeights();
  return storing(() =>
    withTemporaryFile(async (file) => {
      const copy = await Copy.to(file);
      const bytes = Readable.from(copy.pass(readChunks(body)), { objectMode: false });
      let sizeBytes: number;
      try {
        ({ sizeBytes } = await writer.put(path, bytes));
      } finally {
        await copy.close();
      }
      const { kind } = copy;
      if (kind === "other") return { sizeBytes, kind, onnx: null };
      const lease = keepAlive(renew, { everyMs: RENEW_EVERY_MS, leaseMs: 10 * RENEW_EVERY_MS });
      try {
        const found = await inspect(file, kind, sizeBytes);
        if (lease.lost.aborted) throw new GrantLost("What the weights are for went away while they were looked at.");
        return { sizeBytes, ...found };
      } finally {
        await lease.stop();
      }
    }),
  );
}

async function inspect(
  file: string,
  kind: "onnx" | "zip",
  sizeBytes: number,
): Promise<Pick<StoredWeights, "kind" | "onnx">> {
  try {
    if (kind === "onnx") return { kind, onnx: await look({ file, json: null, sizeBytes, entry: null }) };
    const bytesMax = env().weightsBytesMax;
    return await withTemporaryFile(async (unpacked) => {
      const found = await unpackOnnx(file, unpacked, { bytesMax });
      if (typeof found === "string") return { kind: found === "broken" ? "other" : "zip", onnx: null };
      const { size } = await stat(unpacked);
      return { kind, onnx: await look({ file: unpacked, json: found.json, sizeBytes: size, entry: found.path }) };
    });
  } catch (error) {
    throw error instanceof OnnxError ? refused(error) : error;
  }
}

async function look({
  entry,
  ...file
}: {
  file: string;
  json: string | null;
  sizeBytes: number;
  entry: string | null;
}): Promise<StoredOnnx> {
  const model = await looking(() => inspectInProcess(onnxScript(), file));
  return { ...model, entry };
}

// ── Telling what it is ───────────────────────────────────────────────────────────────────────────────────────────────

type Kind = "onnx" | "zip" | "other";
const HEAD_BYTES = 4;

/** ONNX begins with its IR version, a small number in field 1, and goes on with another of its fields. */
function kindOf(head: Buffer): Kind {
  if (head.length < HEAD_BYTES) return "other";
  if (head.readUInt32BE() === 0x504b0304) return "zip";
  const [tag, version, next] = head;
  const isField = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72].includes(next!);
  return tag === 0x08 && version! >= 1 && version! <= 32 && isField ? "onnx" : "other";
}

/** Passes bytes on, at least one and no more than may come, and writes those that we look into to a file as well. */
class Copy {
  kind: Kind = "other";

  private constructor(private readonly handle: Awaited<ReturnType<typeof open>>) {}

  static async to(file: string): Promise<Copy> {
    return new Copy(await open(file, "r+"));
  }

  async *pass(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const bytesMax = env().weightsBytesMax;
    let [sizeBytes, head] = [0, Buffer.alloc(0)];
    for await (const chunk of chunks) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > bytesMax) throw tooLarge(bytesMax, "weights");
      const telling = head.length < HEAD_BYTES;
      if (telling) {
        head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
        this.kind = kindOf(head);
      }
      if (telling || this.kind !== "other") await this.handle.writeFile(chunk);
      yield chunk;
    }
    if (sizeBytes === 0) throw noWeights();
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
