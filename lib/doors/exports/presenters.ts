import { FORMATS_OF_TYPE, wordsOfFormats } from "@/lib/domain/exports";
import type { ProjectType, VersionStatus } from "@/lib/platform/generated/enums";

/*
 * What `exports` names, which the official client reads in two places with two meanings. In a project's list of versions its
 * `download()` and `export()` look: what is named there they fetch at once, and give up when it is still to be made; for
 * what is not named they ask and wait. In the answer of one version `train start` looks, which only wants to know that
 * there is such a format, and waits ten minutes for it to appear.
 */

/**
 * What the client asks for before it starts a training, by the type of model and whatever the project. Those that a project
 * has no zip of are named as well, so that the client goes on to ask for the training, which says what it waits for, or why
 * not; who downloads them is refused with a sentence.
 */
const BEFORE_TRAINING = ["yolov5pytorch", "folder", "coco", "jsonl", "png-mask-semantic"] as const;

function withTraining(type: ProjectType, words: readonly string[]): string[] {
  const had: readonly string[] = wordsOfFormats(FORMATS_OF_TYPE[type]);
  return [...words, ...BEFORE_TRAINING.filter((word) => !had.includes(word))];
}

/** The words of those that can be had without waiting. */
export const presentReadyExports = (
  type: ProjectType,
  { exports }: { exports: Parameters<typeof wordsOfFormats>[0] },
): string[] => withTraining(type, wordsOfFormats(exports));

/** The words of all that can be had, once the version is there to be had. */
export const presentExports = (type: ProjectType, { status }: { status: VersionStatus }): string[] =>
  status === "READY" ? withTraining(type, wordsOfFormats(FORMATS_OF_TYPE[type])) : [];
