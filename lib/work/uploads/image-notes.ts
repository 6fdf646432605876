import type { ImageNote } from "@/lib/engine/decode";

export type { ImageNote };

/** What is to be known of how an image was taken, in a sentence for programs; pages have their own. */
export function explainNote(note: ImageNote): string {
  if (note.code === "first_frame") return `The first of its ${note.frames} frames or pages was taken.`;
  const missing =
    note.missingPercent === 0 ? "" : ` About ${note.missingPercent} % of it, at its end, is missing and grey.`;
  return `The file is damaged, and was taken as viewers show it.${missing}`;
}
