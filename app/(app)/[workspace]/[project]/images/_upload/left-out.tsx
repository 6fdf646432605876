"use client";

import { useTranslations } from "next-intl";
import { escapeName } from "@/app/_ui/exact-name";
import type { Reason } from "./queue";
import { useReason } from "./reasons";

/** More than anybody reads. */
const SHOWN_MAX = 200;

/** Files that are not in the project, each with why. */
export function LeftOut({
  label,
  files,
  imageMegabytes,
}: {
  label: string;
  files: readonly { path: string; reason: Reason }[];
  imageMegabytes: number;
}) {
  const t = useTranslations("images.upload");
  const say = useReason(imageMegabytes);
  return (
    <div
      role="region"
      aria-label={label}
      tabIndex={0}
      className="max-h-56 overflow-y-auto rounded-md border border-line"
    >
      <ul className="divide-y divide-line text-sm">
        {files.slice(0, SHOWN_MAX).map(({ path, reason }, index) => (
          <li key={index} className="grid gap-x-4 px-3 py-1.5 sm:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
            <bdi className="line-clamp-2 font-mono text-xs leading-5 break-all" title={escapeName(path)}>
              {escapeName(path)}
            </bdi>
            <span className="text-muted">{say(reason)}</span>
          </li>
        ))}
      </ul>
      {files.length > SHOWN_MAX ? (
        <p className="border-t border-line px-3 py-1.5 text-sm text-muted">
          {t("andMore", { count: files.length - SHOWN_MAX })}
        </p>
      ) : null}
    </div>
  );
}
