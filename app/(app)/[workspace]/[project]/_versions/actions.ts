"use server";

import { cancelVersionGeneration } from "@/lib/domain/generation";
import { action } from "@/lib/edge/action";
import { versionRef } from "@/lib/edge/browser-refs";
import { retryVersion } from "@/lib/edge/version-plan";

export const cancelGenerationAction = action(versionRef, cancelVersionGeneration);
export const retryGenerationAction = action(versionRef, retryVersion);
