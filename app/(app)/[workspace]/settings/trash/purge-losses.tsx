"use client";

import { useLocale, useTranslations } from "next-intl";
import { Callout } from "@/app/_ui/callout";
import { escapeName } from "@/app/_ui/exact-name";
import { formatBytes } from "@/app/_ui/number";
import type { Preview } from "./use-preview";
import { labelOf } from "./label";

/** The first names, in figures what goes with them, what of it was in use, and what stays. */
export function Losses({ preview: { first, items, loss, calledModels, stays } }: { preview: Preview }) {
  const t = useTranslations("trash");
  const common = useTranslations("common");
  const locale = useLocale();
  const figures = [
    ...(loss.versions > 0 ? [common("versions", { count: loss.versions })] : []),
    ...(loss.images > 0 || loss.sourceImages === 0 ? [common("images", { count: loss.images })] : []),
    ...(loss.sourceImages > 0 ? [t("purge.sourceImages", { count: loss.sourceImages })] : []),
    ...(loss.trainings > 0 ? [t("purge.trainings", { count: loss.trainings })] : []),
    ...(loss.models > 0 ? [t("purge.models", { count: loss.models })] : []),
  ];
  const kept = [
    ...(stays.sourceImages ? [t("purge.staysImages")] : []),
    ...(stays.versions ? [t("purge.staysVersions")] : []),
    ...(stays.versionsMade ? [t("purge.staysMade")] : []),
    ...(stays.otherItems > 0
      ? [t(stays.moreItems ? "purge.staysMany" : "purge.staysOthers", { count: stays.otherItems })]
      : []),
  ];
  return (
    <>
      <ul aria-label={t("purge.list")} className="grid gap-1 rounded-md border border-line px-3 py-2.5 text-sm">
        {first.map((item) => (
          <li key={item.id} className="truncate">
            {item.type === "VERSION" ? (
              <>
                <bdi className="font-medium">{escapeName(item.name)}</bdi>{" "}
                <bdi className="text-muted">{labelOf(t, item)}</bdi>
              </>
            ) : (
              <bdi className="font-medium">{labelOf(t, item)}</bdi>
            )}
          </li>
        ))}
        {items > first.length ? (
          <li className="text-muted">{t("purge.more", { count: items - first.length })}</li>
        ) : null}
        <li className="mt-1 border-t border-line pt-2">{figures.join(" · ")}</li>
        <li>{t("purge.frees", { images: loss.images, bytes: formatBytes(locale, loss.bytes) })}</li>
      </ul>
      {calledModels.count > 0 ? (
        <Callout tone="warn">
          <p>{t("purge.called", { count: calledModels.count })}</p>
          <ul className="mt-1 grid gap-0.5">
            {calledModels.first.map(({ slug, calls }) => (
              <li key={slug} className="break-all">
                {t.rich("purge.calls", { slug, calls, code: (words) => <code className="font-mono">{words}</code> })}
              </li>
            ))}
            {calledModels.count > calledModels.first.length ? (
              <li>{t("purge.more", { count: calledModels.count - calledModels.first.length })}</li>
            ) : null}
          </ul>
        </Callout>
      ) : null}
      {kept.length > 0 ? (
        <ul aria-label={t("purge.stays")} className="grid gap-0.5 text-sm text-muted">
          {kept.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      ) : null}
    </>
  );
}

/** What has changed since the person looked, so that nothing was deleted. */
export function Changes({ changes: { count, first } }: { changes: NonNullable<Preview["changes"]> }) {
  const t = useTranslations("trash");
  return (
    <Callout tone="warn" announce>
      <p>{t("purge.changed", { count })}</p>
      <ul className="mt-1 grid gap-0.5">
        {first.map((item) => (
          <li key={item.id} className="break-words">
            {t(`purge.change.${item.change}`, { label: labelOf(t, item) })}
          </li>
        ))}
        {count > first.length ? <li>{t("purge.more", { count: count - first.length })}</li> : null}
      </ul>
    </Callout>
  );
}
