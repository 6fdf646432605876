"use server";

import { z } from "zod";
import { createProject } from "@/lib/domain/projects";
import { action } from "@/lib/doors/action";
import { projectRef } from "@/lib/doors/refs";

const text = z.string().max(1_000);

/** Makes a project; its slug is made from its name, and the next free one where that is taken. */
export const createProjectAction = action(
  z.object({
    workspaceSlug: projectRef.shape.workspaceSlug,
    name: text,
    type: z.enum(["CLASSIFICATION", "OBJECT_DETECTION"]),
    annotation: text,
  }),
  async (ctx, input) => ({ slug: (await createProject(ctx, { ...input, orNextSlug: true })).slug }),
);
