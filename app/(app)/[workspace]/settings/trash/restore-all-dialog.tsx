"use client";

import { useTranslations } from "next-intl";
import { useTransition } from "react";
import { AlertDialog, AlertDialogContent } from "@/app/_ui/alert-dialog";
import { Button } from "@/app/_ui/button";
import { toast, toastError } from "@/app/_ui/toast";
import { restoreAllAction } from "./actions";
import { LookingAtTrash, LookRefused, OldestOnly } from "./selection-parts";
import { useDesk, type Failures } from "./use-desk";
import { useSelection } from "./use-selection";

/** Asks before all of Trash comes back: whatever the filters show, it is all of it, as it is when the dialog opens. */
export function RestoreAllDialog({
  onClose,
  onFailures,
}: {
  onClose: () => void;
  onFailures: (failures: Failures) => void;
}) {
  const t = useTranslations("trash");
  const common = useTranslations("common");
  const { workspaceSlug, rows } = useDesk();
  const { selection, again, refuse } = useSelection(null);
  const [pending, startTransition] = useTransition();

  function restoreAll(): void {
    if (selection.state !== "ready") return;
    startTransition(async () => {
      const answer = await restoreAllAction({ workspaceSlug, selectionId: selection.id });
      if (!answer.ok && answer.error.code === "stale_selection") return refuse(answer.error.message);
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
        title={
          selection.state === "ready" ? t("restoreAllTitle", { count: selection.items }) : t("restoreAllTitleLooking")
        }
        description={<p>{t("restoreAllText")}</p>}
        cancel={common("cancel")}
        cancelDisabled={pending}
        act={
          <Button variant="primary" pending={pending} disabled={selection.state !== "ready"} onClick={restoreAll}>
            {t("restoreAll")}
          </Button>
        }
      >
        {selection.state === "loading" ? <LookingAtTrash /> : null}
        {selection.state === "refused" ? <LookRefused message={selection.message} onAgain={() => again(null)} /> : null}
        {selection.state === "ready" && selection.more ? <OldestOnly count={selection.items} /> : null}
      </AlertDialogContent>
    </AlertDialog>
  );
}
