"use server";

import { z } from "zod";
import { cancelVersionGeneration } from "@/lib/domain/versions/generation";
import { chooseModel } from "@/lib/domain/trainings/models";
import { cancelTraining, startTraining, stopTraining } from "@/lib/domain/trainings/trainings";
import { action } from "@/lib/edge/action";
import { trainingRef, versionRef } from "@/lib/edge/browser-refs";
import { retryVersion } from "@/lib/work/versions/plan";

export const cancelGenerationAction = action(versionRef, cancelVersionGeneration);
export const retryGenerationAction = action(versionRef, retryVersion);

/** The domain says which model types and epochs there are. */
export const startTrainingAction = action(versionRef.extend({ modelType: z.string().max(1_000), epochs: z.number() }), startTraining);
export const stopTrainingAction = action(trainingRef, stopTraining);
export const cancelTrainingAction = action(trainingRef, cancelTraining);

export const chooseModelAction = action(versionRef.extend({ modelSlug: z.string().max(1_000) }), chooseModel);
