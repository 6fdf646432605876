import { z } from "zod";
import { FORMAT_NAMES, FORMATS } from "@/lib/domain/exports";
import { versionParams } from "@/lib/doors/fields";

/** What trained YOLOv5 trains YOLOv8: the client asks for the older name before it starts a training. */
export const exportParams = versionParams.extend({
  format: z
    .enum([...FORMAT_NAMES, "yolov5pytorch"])
    .transform((name) => FORMATS[name === "yolov5pytorch" ? "yolov8" : name])
    .meta({ description: "`yolov5pytorch` is `yolov8`." }),
});

export const linkParams = z.object({ token: z.string().regex(/^[A-Za-z0-9_-]{1,200}\.[A-Za-z0-9_-]{43}$/) });

export const exportAnswer = z.strictObject({
  export: z.strictObject({ link: z.url().meta({ description: "The zip; works without a key, for 15 minutes." }) }),
});

export const exportProgress = z.strictObject({ progress: z.number().min(0).max(1) });
