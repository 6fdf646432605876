"use client";

import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { useDesk } from "./use-desk";

/** What can be done to all of Trash. */
export function TrashActions({ mayRestore }: { mayRestore: boolean }) {
  const t = useTranslations("trash");
  const { ask, mayPurge } = useDesk();
  return (
    <>
      {mayRestore ? <Button onClick={() => ask({ kind: "restore-set", set: "all" })}>{t("restoreAll")}</Button> : null}
      {mayPurge ? (
        <Button variant="danger-outline" onClick={() => ask({ kind: "purge-set", set: "all" })}>
          {t("emptyTrash")}
        </Button>
      ) : null}
    </>
  );
}

/** What can be done to the chosen items; there while any is. */
export function SelectionBar() {
  const t = useTranslations("trash");
  const { rows, selected, restoring, select, restore, ask, mayPurge, matching } = useDesk();
  const chosen = rows.filter((row) => selected.has(row.id));
  const [whole, setWhole] = useState(false);
  const every = chosen.length === rows.length && matching !== null; // more matches than the page shows
  const all = whole && every ? matching : null;
  const said = all
    ? all.count === null
      ? t("matchingSelected")
      : t("matchingSelectedCount", { count: all.count })
    : t("selected", { count: chosen.length });
  return (
    <>
      <p role="status" className="sr-only">
        {chosen.length > 0 ? said : ""}
      </p>
      {chosen.length > 0 ? (
        <div
          role="group"
          aria-label={t("selection")}
          className="sticky bottom-3 z-20 mx-auto flex w-fit max-w-full animate-appear flex-wrap items-center justify-center gap-1.5 rounded-lg border border-line bg-raised p-1.5 pl-3 shadow-raised"
        >
          <span aria-hidden className="mr-1.5 text-sm font-medium">
            {said}
          </span>
          {every && !whole ? (
            <Button size="sm" variant="ghost" onClick={() => setWhole(true)}>
              {t("selectMatching")}
            </Button>
          ) : null}
          <Button
            size="sm"
            pending={chosen.some((row) => restoring.has(row.id))}
            onClick={() => (all ? ask({ kind: "restore-set", set: all.set }) : restore(chosen))}
          >
            {t("restore")}
          </Button>
          {mayPurge ? (
            <Button
              size="sm"
              variant="danger-outline"
              onClick={() => ask(all ? { kind: "purge-set", set: all.set } : { kind: "purge", rows: chosen })}
            >
              {t("deletePermanently")}
            </Button>
          ) : null}
          <Button
            size="sm"
            variant="ghost"
            onClick={() => {
              setWhole(false);
              select([...selected], false);
            }}
          >
            {t("clear")}
          </Button>
        </div>
      ) : null}
    </>
  );
}
