import type { LeftOutFile } from "@/lib/domain/versions";
import { explainProblem, isToldCode } from "@/lib/work/uploads/annotation-problems";
import { REFUSAL_SENTENCES } from "@/lib/work/uploads/zip-refusals";

const SENTENCES: Readonly<Record<string, string>> = {
  ...REFUSAL_SENTENCES,
  unusableImage: "It cannot be used as an image.",
  brokenEntry: "It cannot be unpacked: the zip is broken there.",
  annotationsUnused: "Not read: images of a classification project have a class, from their folder.",
};

/** Why something of a zip is not in the version that was made of it, a sentence. */
export function explainLeftOut({ code, count, details = {} }: LeftOutFile): string {
  if (isToldCode(code)) return explainProblem({ code, count, details });
  return Object.hasOwn(SENTENCES, code) ? SENTENCES[code]! : "It cannot be used.";
}
