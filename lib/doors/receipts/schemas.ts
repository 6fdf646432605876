import { z } from "zod";
import { count, slug, text, workspaceParams } from "@/lib/doors/fields";
import { itemId } from "@/lib/doors/refs";
import { TYPE_NAMES } from "@/lib/doors/trash/schemas";

export const receiptParams = workspaceParams.extend({ receipt: itemId });

const LIMIT_MAX = 1_000;
const LIMIT_UNLESS_SAID = 100;

const ITEM_TYPES = { project: "PROJECT", version: "VERSION", training: "TRAINING", images: "IMAGES" } as const;

const instant = z.iso
  .datetime({ offset: true, error: "must be an instant, such as 2026-11-28T00:00:00Z" })
  .transform((value) => new Date(value))
  .optional();

export const receiptsQuery = z.object({
  limit: z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/, `must be a whole number from 1 to ${LIMIT_MAX}`)
    .transform(Number)
    .refine((limit) => limit <= LIMIT_MAX, `must be at most ${LIMIT_MAX}`)
    .default(LIMIT_UNLESS_SAID)
    .meta({ description: "Receipts a page, 1 to 1,000; 100 unless said." }),
  cursor: text(200).optional().meta({ description: "`nextCursor` of the page before." }),
  type: z
    .enum(TYPE_NAMES, { error: "must be project, version, training or images" })
    .transform((type) => ITEM_TYPES[type])
    .optional(),
  state: z.enum(["verified", "waiting"], { error: "must be verified or waiting" }).optional().meta({
    description: "Verified: the store was read back and found empty. Waiting: not yet.",
  }),
  search: text(200)
    .optional()
    .meta({ description: "Only of items whose name, or whose project's slug, holds this; case does not count." }),
  from: instant.meta({ description: "Purged at this instant or later." }),
  until: instant.meta({ description: "Purged before this instant." }),
});

const at = z.iso.datetime();
const hash = z.string().regex(/^[0-9a-f]{64}$/);

export const receipt = z
  .strictObject({
    id: z.string(),
    parentReceiptId: z.string().nullable().meta({ description: "Of the project it went with." }),
    type: z.enum(TYPE_NAMES),
    itemId: z.string(),
    name: z.string(),
    project: slug,
    version: count.nullable().meta({ description: "The version's number, also of a training's version." }),
    training: count.nullable().meta({ description: "The training's number." }),
    reason: z.enum(["expired", "by_hand", "with_parent"]),
    note: z.string().nullable().meta({ description: "Why, in the words of whoever purged it." }),
    purgedAt: at,
    purgedBy: z.strictObject({ type: z.enum(["user", "api_key", "system"]), id: z.string(), name: z.string() }),
    deletedAt: at.nullable().meta({ description: "When it was moved to Trash, if it was." }),
    deletedBy: z.string().nullable(),
    deletedByName: z.string().nullable(),
    deletedNote: z.string().nullable().meta({ description: "Why, in the words of whoever moved it to Trash." }),
    scheduledCleanupAt: at.nullable(),
    lost: z
      .strictObject({ versions: count, images: count, sourceImages: count, trainings: count, models: count })
      .meta({ description: "`images` are generated ones, given back to the quota; `sourceImages` uploaded ones." }),
    files: z
      .strictObject({
        expected: count,
        expectedBytes: count,
        removed: count,
        removedBytes: count,
        missing: count,
        late: count,
        lateBytes: count,
        lateAt: at.nullable(),
      })
      .meta({
        description:
          "Of a project with those of its versions. `missing`: on record, and not in the store any more. `late`: found after the store was seen empty, and removed.",
      }),
    verified: z.boolean(),
    verifiedAt: at.nullable().meta({ description: "When the store was read back and found empty." }),
    lookedAgainAt: at.nullable(),
    waiting: z
      .strictObject({ reason: z.string().nullable(), nextAttemptAt: at.nullable() })
      .nullable()
      .meta({ description: "Until it is verified: what the store said, where it failed, and when it is tried again." }),
  })
  .meta({ id: "Receipt" });

export const receiptsAnswer = z.strictObject({
  receipts: z.array(receipt),
  nextCursor: z.string().nullable().meta({ description: "Give it back as `cursor` to read on; null at the end." }),
});

export const receiptAnswer = receipt.extend({
  entries: z
    .array(
      z.strictObject({
        number: count,
        kind: z.enum(["before", "purged", "verified", "late", "restored"]),
        previousHash: hash,
        hash,
      }),
    )
    .meta({ description: "Where the chain of the workspace tells of it, oldest first." }),
  head: z
    .strictObject({ number: count, hash, signed: z.string().nullable() })
    .nullable()
    .meta({ description: "The chain's last entry; `signed` is what `verify-receipts --head` takes." }),
});
