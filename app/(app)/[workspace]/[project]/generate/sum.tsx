"use client";

import { useTranslations } from "next-intl";
import { TextLink } from "@/app/_ui/text-link";
import type { Splits } from "./draft";

/** What a version with these settings would hold, and what the quota leaves for it. */
export interface Estimate {
  images: Splits;
  quota: number;
  free: number;
  inTrash: number;
}

export const totalOf = ({ train, valid, test }: Splits): number => train + valid + test;

/** The images that would be generated, by split, and the quota with them in it. `current`: it is of the settings as they stand. */
export function Sum({
  estimate,
  current,
  workspaceSlug,
}: {
  estimate: Estimate;
  current: boolean;
  workspaceSlug: string;
}) {
  const [t, common] = [useTranslations("generate"), useTranslations("common")];
  const { images, quota, free, inTrash } = estimate;
  const total = totalOf(images);
  const over = total > free;
  const live = quota - free - inTrash;
  const whole = Math.max(quota, live + inTrash + total, 1);
  const parts = [
    { key: "live", images: live, tone: "bg-test" },
    { key: "trash", images: inTrash, tone: "bg-warn" },
    { key: "version", images: total, tone: over ? "bg-danger" : "bg-train" },
  ];
  return (
    <div aria-busy={!current} className="grid gap-3">
      <p role="status" className="grid gap-0.5">
        <span className="text-lg font-semibold">{common("images", { count: total })}</span>
        <span className="text-sm text-muted">{t("splitCounts", { ...images })}</span>
      </p>
      <div className="grid gap-1.5">
        <div aria-hidden className="flex h-2 gap-0.5 overflow-hidden rounded-full bg-hover">
          {parts.map(({ key, images, tone }) =>
            images > 0 ? (
              <div key={key} className={tone} style={{ width: `${(images / whole) * 100}%`, minWidth: 2 }} />
            ) : null,
          )}
        </div>
        {over ? null : <p className="text-sm text-muted">{t("quotaLeft", { left: free - total, quota })}</p>}
      </div>
      {over ? (
        <p role="alert" className="text-sm text-danger">
          {inTrash > 0
            ? t.rich("overQuotaTrash", {
                needed: total,
                free,
                quota,
                inTrash,
                link: (chunks) => (
                  <TextLink href={`/${workspaceSlug}/settings/trash`} className="text-danger">
                    {chunks}
                  </TextLink>
                ),
              })
            : t("overQuota", { needed: total, free, quota })}
        </p>
      ) : null}
    </div>
  );
}
