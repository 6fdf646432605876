import type { useTranslations } from "next-intl";
import type { TrashJob } from "@/lib/domain/trash";

type T = ReturnType<typeof useTranslations<"trash">>;

/** "Delete 1,240 items permanently". */
export const jobTitle = (t: T, { act, items }: Pick<TrashJob, "act" | "items">): string =>
  t(`activity.title_${act}`, { count: items });

/** How it ended, or how far it is, in one sentence. */
export function jobResult(
  t: T,
  {
    act,
    items,
    done,
    left,
    end,
    cancelledByName,
  }: Pick<TrashJob, "act" | "items" | "done" | "left" | "end" | "cancelledByName">,
): string {
  const figures = { act, items, done, left, rest: items - done - left, name: cancelledByName ?? "" };
  if (end === null) return t("activity.underWay", figures);
  if (end === "FINISHED") return left === 0 ? t("activity.allDone", figures) : t("activity.someLeft", figures);
  return t(`activity.${end}`, figures);
}
