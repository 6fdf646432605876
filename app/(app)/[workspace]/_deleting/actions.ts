"use server";

import { z } from "zod";
import { renameProject } from "@/lib/domain/projects";
import { renameVersion } from "@/lib/domain/versions";
import {
  restoreProject,
  restoreTraining,
  restoreVersion,
  trashProject,
  trashTraining,
  trashVersion,
} from "@/lib/domain/trash";
import { action } from "@/lib/doors/action";
import { itemId, projectRef, trainingRef, versionRef } from "@/lib/doors/refs";

const confirmName = z.string().max(1_000);
const name = z.string().max(1_000);

export const trashVersionAction = action(versionRef.extend({ confirmName }), trashVersion);
export const trashProjectAction = action(projectRef.extend({ confirmName }), trashProject);
export const trashTrainingAction = action(trainingRef, trashTraining);

export const restoreVersionAction = action(
  z.object({ workspaceSlug: versionRef.shape.workspaceSlug, projectId: itemId, number: versionRef.shape.number }),
  restoreVersion,
);
export const restoreProjectAction = action(
  z.object({ workspaceSlug: projectRef.shape.workspaceSlug, projectId: itemId }),
  restoreProject,
);
export const restoreTrainingAction = action(
  z.object({ workspaceSlug: trainingRef.shape.workspaceSlug, trainingId: itemId }),
  restoreTraining,
);

export const renameVersionAction = action(versionRef.extend({ name }), (ctx, { name, ...ref }) =>
  renameVersion(ctx, ref, name),
);
export const renameProjectAction = action(projectRef.extend({ name }), (ctx, { name, ...ref }) =>
  renameProject(ctx, ref, name),
);
