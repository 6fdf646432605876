import { z } from "zod";
import { findFormat, FORMAT_WORDS } from "@/lib/domain/exports";
import { versionParams } from "@/lib/doors/fields";

export const exportParams = versionParams.extend({
  format: z
    .enum(FORMAT_WORDS)
    .transform((word) => findFormat(word)!)
    .meta({ description: "The words of the YOLO family, save `mt-yolov6`, are one and the same zip." }),
});

export const linkParams = z.object({ token: z.string().regex(/^[A-Za-z0-9_-]{1,200}\.[A-Za-z0-9_-]{43}$/) });

export const exportAnswer = z.strictObject({
  export: z.strictObject({ link: z.url().meta({ description: "The zip; works without a key, for 15 minutes." }) }),
});

export const exportProgress = z.strictObject({ progress: z.number().min(0).max(1) });
