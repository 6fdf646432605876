"use client";

import { useTranslations } from "next-intl";
import { useTransition } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { escapeName } from "@/app/_ui/exact-name";
import { Progress } from "@/app/_ui/progress";
import { toast, toastError } from "@/app/_ui/toast";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import { cancelImportAction } from "./actions";
import type { ToldImport } from "./explain-imports";

/** Imports that are no versions yet: those whose zip is being looked through, and those that came to nothing lately. */
export function Imports({
  imports,
  project,
  mayCancel,
}: {
  imports: readonly ToldImport[];
  project: SluggedProjectRef;
  mayCancel: boolean;
}) {
  const t = useTranslations("versions.import");
  const [pending, startTransition] = useTransition();

  function cancel({ taskId, fileName }: ToldImport): void {
    startTransition(async () => {
      const result = await cancelImportAction({ ...project, taskId }).catch(() => null);
      if (!result?.ok) toastError(result?.error.message ?? t("failed"));
      else if (result.data.outcome === "cancelled") toast(t("cancelled", { file: escapeName(fileName) }));
    });
  }

  return (
    <ul className="grid gap-2" aria-live="polite">
      {imports.map((one) => {
        const { taskId, fileName, why } = one;
        const file = escapeName(fileName);
        return (
          <li key={taskId}>
            {why === null ? (
              <Callout>
                <div className="grid gap-2">
                  <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
                    <p className="min-w-0 wrap-anywhere">{t("waiting", { file })}</p>
                    {mayCancel ? (
                      <Button size="sm" pending={pending} onClick={() => cancel(one)}>
                        {t("cancelWaiting")}
                      </Button>
                    ) : null}
                  </div>
                  <Progress value={null} label={t("waiting", { file })} />
                </div>
              </Callout>
            ) : (
              <Callout tone="danger">
                <p className="wrap-anywhere">{t("notImported", { file, why })}</p>
              </Callout>
            )}
          </li>
        );
      })}
    </ul>
  );
}
