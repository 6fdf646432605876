"use client";

import { useTranslations } from "next-intl";
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
  "image_annotated_before",
  "too_many_boxes_on_image",
  "unsupported_format",
  "unknown_format",
  "unreadable",
] as const;

/** Says a reason in the person's language. */
export function useReason(imageMegabytes: number): (reason: Reason) => string {
  const t = useTranslations("images.reasons");
  return (reason) => {
    if ("sentence" in reason) return reason.sentence;
    if ("code" in reason) return t(reason.code, { megabytes: imageMegabytes });
    const code = PROBLEMS.find((known) => known === reason.problem.code);
    return t(`annotations.${code ?? "refused"}`, { count: reason.problem.count });
  };
}
