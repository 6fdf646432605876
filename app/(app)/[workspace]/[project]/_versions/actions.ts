"use server";

import { z } from "zod";
import { cancelImport, cancelVersionGeneration } from "@/lib/domain/versions";
import { cancelTraining, chooseModel, startTraining, stopTraining } from "@/lib/domain/trainings";
import { action } from "@/lib/doors/action";
import { itemId, projectRef, trainingRef, versionRef } from "@/lib/doors/refs";
import { retryVersion } from "@/lib/work/versions/plan";

export const cancelGenerationAction = action(versionRef, cancelVersionGeneration);
export const cancelImportAction = action(projectRef.extend({ taskId: itemId }), cancelImport);
export const retryGenerationAction = action(versionRef, retryVersion);

/** The domain says which model types and epochs there are. */
export const startTrainingAction = action(
  versionRef.extend({ modelType: z.string().max(1_000), epochs: z.number() }),
  startTraining,
);
export const stopTrainingAction = action(trainingRef, stopTraining);
export const cancelTrainingAction = action(trainingRef, cancelTraining);

export const chooseModelAction = action(versionRef.extend({ modelSlug: z.string().max(1_000) }), chooseModel);
