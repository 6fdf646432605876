"use server";

import { z } from "zod";
import { action } from "@/lib/edge/action";
import { projectRef } from "@/lib/edge/browser-refs";
import { generateVersion, versionSettingsSchema } from "@/lib/work/versions/plan";

const newVersion = versionSettingsSchema.extend({ ...projectRef.shape, name: z.string().max(1_000).optional() });

export const generateVersionAction = action(newVersion, (ctx, { workspaceSlug, projectSlug, ...settings }) => generateVersion(ctx, { workspaceSlug, projectSlug }, settings));
