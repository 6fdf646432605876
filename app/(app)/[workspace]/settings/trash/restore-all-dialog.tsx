"use client";

import { useTranslations } from "next-intl";
import { useTransition } from "react";
import { AlertDialog, AlertDialogContent } from "@/app/_ui/alert-dialog";
import { Button } from "@/app/_ui/button";
import { toast, toastError } from "@/app/_ui/toast";
import { restoreAllAction } from "./actions";
import { useDesk, type Failures } from "./use-desk";

/** Asks before all of Trash comes back: whatever the filters show, it is all of it. */
export function RestoreAllDialog({
  onClose,
  onFailures,
}: {
  onClose: () => void;
  onFailures: (failures: Failures) => void;
}) {
  const t = useTranslations("trash");
  const common = useTranslations("common");
  const { workspaceSlug, summary, rows } = useDesk();
  const [pending, startTransition] = useTransition();

  function restoreAll(): void {
    startTransition(async () => {
      const answer = await restoreAllAction({ workspaceSlug });
      onClose();
      if (!answer.ok) return toastError(answer.error.message);
      const { restored, failed, failures, done } = answer.data;
      if (!done) toastError(t("restoredSome", { count: restored }));
      else if (failed === 0) toast(t("restoredMany", { count: restored }));
      if (failed === 0) return;
      const list = failures.map(({ id, name, reason }) => ({
        label: rows.find((row) => row.id === id)?.label ?? name,
        reason: reason ?? "",
      }));
      onFailures({ title: t("restoredPartly", { done: restored, count: restored + failed }), list });
    });
  }

  return (
    <AlertDialog open onOpenChange={(open) => !open && !pending && onClose()}>
      <AlertDialogContent
        title={t("restoreAllTitle", { count: summary.items })}
        description={<p>{t("restoreAllText")}</p>}
        cancel={common("cancel")}
        cancelDisabled={pending}
        act={
          <Button variant="primary" pending={pending} onClick={restoreAll}>
            {t("restoreAll")}
          </Button>
        }
      />
    </AlertDialog>
  );
}
