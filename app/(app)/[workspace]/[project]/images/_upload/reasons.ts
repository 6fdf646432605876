"use client";

import { useTranslations } from "next-intl";
import { FOREIGN_FORMATS } from "@/lib/work/uploads/annotation-problems";
import type { Reason } from "./queue";

const PROBLEMS = [
  "unknown_image",
  "ambiguous_image",
  "already_annotated",
  "size_mismatch",
  "unknown_class",
  "bad_label",
  "bad_box",
  "empty_box",
  "names_differ",
  "polygon_reduced",
  "rotated_reduced",
  "keypoints_dropped",
  "image_annotated_before",
  "too_many_boxes_on_image",
  "unknown_format",
  "unreadable",
] as const;

/** Says a reason in the person's language. */
export function useReason(imageMegabytes: number): (reason: Reason) => string {
  const t = useTranslations("images.reasons");
  return (reason) => {
    if ("sentence" in reason) return reason.sentence;
    if ("note" in reason)
      return reason.note.code === "damaged"
        ? t("damaged", { percent: reason.note.missingPercent })
        : t("firstFrame", { count: reason.note.frames });
    if ("code" in reason) return t(reason.code, { megabytes: imageMegabytes });
    const { code, count, format, by } = reason.problem;
    if (code === "unsupported_format")
      return t(`formats.${FOREIGN_FORMATS.find((known) => known === format) ?? "createml"}`);
    return t(`annotations.${PROBLEMS.find((known) => known === code) ?? "refused"}`, { count, by: by ?? "" });
  };
}
