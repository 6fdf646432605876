import { FORMATS_OF_TYPE, wordsOfFormats } from "@/lib/domain/exports";
import type { ProjectType, VersionStatus } from "@/lib/platform/generated/enums";

/*
 * What `exports` names, which the official client reads in two places with two meanings. In a project's list of versions its
 * `download()` and `export()` look: what is named there they fetch at once, and give up when it is still to be made; for
 * what is not named they ask and wait. In the answer of one version `train start` looks, which only wants to know that
 * there is such a format, and waits ten minutes for it to appear.
 */

/**
 * What the client asks for before it starts any training whose type it does not know, and every YOLO, whatever the project.
 * A classification project has no such zip, and needs none to train: it is named so that the client goes on to ask for the training.
 */
const BEFORE_TRAINING = "yolov5pytorch";

const withTraining = (type: ProjectType, words: readonly string[]): string[] =>
  type === "CLASSIFICATION" ? [...words, BEFORE_TRAINING] : [...words];

/** The words of those that can be had without waiting. */
export const presentReadyExports = (
  type: ProjectType,
  { exports }: { exports: Parameters<typeof wordsOfFormats>[0] },
): string[] => withTraining(type, wordsOfFormats(exports));

/** The words of all that can be had, once the version is there to be had. */
export const presentExports = (type: ProjectType, { status }: { status: VersionStatus }): string[] =>
  status === "READY" ? withTraining(type, wordsOfFormats(FORMATS_OF_TYPE[type])) : [];
