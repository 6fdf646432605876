import { z } from "zod";
import { SPLITS } from "@/lib/engine/splits";
import { TRAINING_DATA_CODES } from "@/lib/engine/trainer/trainer";

/*
 * What parent and child say to each other, over Node's IPC channel with "advanced" serialization (bytes stay bytes). The
 * child begins with "ready" and asks for one image at a time, so that no more than two are ever under way. After "leave" it
 * ends at once, whatever it is doing: that is how a training is cancelled, and how a child goes that is not needed any more.
 */

const share = z.number();
const counts = z.object({ train: z.int(), valid: z.int(), test: z.int() });
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

const epochSchema = z.object({
  epoch: z.int(),
  loss: share,
  accuracy: share,
  validLoss: share.nullable(),
  validAccuracy: share.nullable(),
});

const metricsSchema = z.object({
  measuredOn: z.enum(["test", "valid"]).nullable(),
  accuracy: share.nullable(),
  images: counts,
  classes: z.array(z.object({ class: z.string(), images: counts })),
  confusion: z.array(z.array(z.int())),
  epochs: z.int(),
  elapsedMs: z.number(),
});

export const toChildSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), classes: z.array(z.string()), epochs: z.number(), seed: z.number() }),
  z.object({
    type: z.literal("image"),
    image: z.object({ path: z.string(), split: z.enum(SPLITS), label: z.string(), bytes }),
  }),
  z.object({ type: z.literal("end") }),
  z.object({ type: z.literal("stop") }),
  z.object({ type: z.literal("leave") }),
]);
export type ToChild = z.infer<typeof toChildSchema>;

export const toParentSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("next") }),
  z.object({ type: z.literal("epoch"), report: epochSchema }),
  z.object({ type: z.literal("done"), weights: bytes, metrics: metricsSchema }),
  z.object({ type: z.literal("refused"), code: z.enum(TRAINING_DATA_CODES), message: z.string() }),
]);
export type ToParent = z.infer<typeof toParentSchema>;

/** The same bytes, not copied. */
export const toBuffer = (view: Uint8Array): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
