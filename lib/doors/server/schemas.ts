import { z } from "zod";
import { count } from "@/lib/doors/fields";

export const healthAnswer = z.strictObject({ status: z.literal("ok") });

export const purgeAnswer = z.strictObject({
  purged: count,
  skipped: count,
  failed: count,
  remaining: count,
  files: z.strictObject({ verified: count, postponed: count }),
  report: z
    .strictObject({ due: count })
    .optional()
    .meta({ description: "Only with `PURGE=report`: how many items were due, and not purged." }),
});
