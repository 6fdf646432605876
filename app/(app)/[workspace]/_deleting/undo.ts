"use client";

import { useTranslations } from "next-intl";
import { useCallback } from "react";
import { toast, toastError, toastWithAction } from "@/app/_ui/toast";
import type { Restored } from "@/lib/domain/trash";
import type { ActionResult } from "@/lib/doors/action";

/**
 * Says that something went to Trash, with an Undo that goes on working on whatever page one is then. What became of the
 * item meanwhile is said as it is: `restore` answers with the truth.
 */
export function useTrashedToast(): (label: string, restore: () => Promise<ActionResult<Restored>>) => void {
  const t = useTranslations("versions");
  const common = useTranslations("common");
  return useCallback(
    (label, restore) => {
      async function undo(): Promise<void> {
        const result = await restore().catch(() => null);
        if (!result) toastError(t("undo.failed", { name: label }));
        else if (!result.ok)
          toastError(result.error.code === "purged" ? t("undo.purged", { name: label }) : result.error.message);
        else
          toast(
            result.data.outcome === "restored"
              ? t("undo.restored", { name: label })
              : t("undo.alreadyActive", { name: label }),
          );
      }
      toastWithAction(t("delete.moved", { name: label }), { label: common("undo"), run: () => void undo() });
    },
    [t, common],
  );
}
