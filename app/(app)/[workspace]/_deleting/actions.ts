"use server";

import { z } from "zod";
import { renameProject } from "@/lib/domain/projects";
import { renameVersion } from "@/lib/domain/versions";
import { restoreItem, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { action } from "@/lib/doors/action";
import { itemId, projectRef, trainingRef, versionRef } from "@/lib/doors/refs";

const confirmName = z.string().max(1_000);
const name = z.string().max(1_000);
const note = z.string().max(10_000);

export const trashVersionAction = action(versionRef.extend({ confirmName, note }), trashVersion);
export const trashProjectAction = action(projectRef.extend({ confirmName, note }), trashProject);
export const trashTrainingAction = action(trainingRef.extend({ note }), trashTraining);

/** Undo, and Restore of one item in Trash. */
export const restoreItemAction = action(
  z.object({
    workspaceSlug: versionRef.shape.workspaceSlug,
    item: z.discriminatedUnion("type", [
      z.object({ type: z.literal("PROJECT"), projectId: itemId }),
      z.object({ type: z.literal("VERSION"), projectId: itemId, number: versionRef.shape.number }),
      z.object({ type: z.literal("TRAINING"), trainingId: itemId }),
      z.object({ type: z.literal("IMAGES"), removalId: itemId }),
    ]),
  }),
  restoreItem,
);

export const renameVersionAction = action(versionRef.extend({ name }), (ctx, { name, ...ref }) =>
  renameVersion(ctx, ref, name),
);
export const renameProjectAction = action(projectRef.extend({ name }), (ctx, { name, ...ref }) =>
  renameProject(ctx, ref, name),
);
