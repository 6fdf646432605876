"use client";

import { useFormatter, useTranslations } from "next-intl";
import type { InferenceAnswer } from "@/lib/work/inference/inference";

/** How long an answer took, of what size the image was, and how much of it is not shown. */
export function Facts({ answer: { time, image }, more }: { answer: InferenceAnswer; more: string | null }) {
  const t = useTranslations("tryIt");
  const format = useFormatter();
  const took = format.number(Math.max(1, Math.round(time * 1000)), {
    style: "unit",
    unit: "millisecond",
    unitDisplay: "short",
  });
  return (
    <p className="text-sm text-muted">
      {t("facts", { time: took, width: image.width, height: image.height })}
      {more === null ? null : ` · ${more}`}
    </p>
  );
}
