"use server";

import { z } from "zod";
import { action } from "@/lib/doors/action";
import { projectRef } from "@/lib/doors/refs";
import { generateVersion, versionSettingsSchema } from "@/lib/work/versions/plan";

const newVersion = versionSettingsSchema.extend({
  ...projectRef.shape,
  name: z.string().max(1_000).optional(),
  /** The seed becomes the project's. */
  keepSeed: z.boolean(),
});

export const generateVersionAction = action(newVersion, (ctx, { workspaceSlug, projectSlug, ...settings }) =>
  generateVersion(ctx, { workspaceSlug, projectSlug }, settings),
);
