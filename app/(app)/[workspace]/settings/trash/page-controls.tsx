"use client";

import { useTranslations } from "next-intl";
import { Button } from "@/app/_ui/button";
import { useDesk } from "./use-desk";

/** What can be done to all of Trash. */
export function TrashActions({ mayRestore }: { mayRestore: boolean }) {
  const t = useTranslations("trash");
  const { ask, mayPurge } = useDesk();
  return (
    <>
      {mayRestore ? <Button onClick={() => ask({ kind: "restore-all" })}>{t("restoreAll")}</Button> : null}
      {mayPurge ? (
        <Button variant="danger-outline" onClick={() => ask({ kind: "empty" })}>
          {t("emptyTrash")}
        </Button>
      ) : null}
    </>
  );
}

/** What can be done to the chosen items; there while any is. */
export function SelectionBar() {
  const t = useTranslations("trash");
  const { rows, selected, restoring, select, restore, ask, mayPurge } = useDesk();
  const chosen = rows.filter((row) => selected.has(row.id));
  return (
    <>
      <p role="status" className="sr-only">
        {chosen.length > 0 ? t("selected", { count: chosen.length }) : ""}
      </p>
      {chosen.length > 0 ? (
        <div
          role="group"
          aria-label={t("selection")}
          className="sticky bottom-3 z-20 mx-auto flex w-fit max-w-full animate-appear flex-wrap items-center justify-center gap-1.5 rounded-lg border border-line bg-raised p-1.5 pl-3 shadow-raised"
        >
          <span aria-hidden className="mr-1.5 text-sm font-medium">
            {t("selected", { count: chosen.length })}
          </span>
          <Button size="sm" pending={chosen.some((row) => restoring.has(row.id))} onClick={() => restore(chosen)}>
            {t("restore")}
          </Button>
          {mayPurge ? (
            <Button size="sm" variant="danger-outline" onClick={() => ask({ kind: "purge", rows: chosen })}>
              {t("deletePermanently")}
            </Button>
          ) : null}
          <Button size="sm" variant="ghost" onClick={() => select([...selected], false)}>
            {t("clear")}
          </Button>
        </div>
      ) : null}
    </>
  );
}
