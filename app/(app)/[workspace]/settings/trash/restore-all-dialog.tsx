"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { AlertDialog, AlertDialogContent } from "@/app/_ui/alert-dialog";
import { Button } from "@/app/_ui/button";
import { toastError } from "@/app/_ui/toast";
import { startRestoreAction } from "./actions";
import { activityHref } from "./activity-href";
import { LookingAtTrash, LookRefused, OldestOnly } from "./selection-parts";
import { useDesk, type WholeSet } from "./use-desk";
import { useSelection } from "./use-selection";

/** Asks before all of Trash comes back, or all that matches: as it is when the dialog opens. */
export function RestoreAllDialog({ set, onClose }: { set: WholeSet; onClose: () => void }) {
  const t = useTranslations("trash");
  const common = useTranslations("common");
  const router = useRouter();
  const { workspaceSlug, tell } = useDesk();
  const { selection, again, refuse } = useSelection(set);
  const [pending, startTransition] = useTransition();

  function restoreAll(): void {
    if (selection.state !== "ready") return;
    startTransition(async () => {
      const answer = await startRestoreAction({ workspaceSlug, selectionId: selection.id }).catch(() => null);
      if (answer && !answer.ok && answer.error.code === "stale_selection") return refuse(answer.error.message);
      onClose();
      if (!answer?.ok) return toastError(answer?.error.message ?? common("unknown"));
      const { data } = answer;
      if (!data.ended) return router.push(activityHref(workspaceSlug, data.id));
      tell(data, {
        all: t("restoredMany", { count: data.done }),
        some: t("restoredPartly", { done: data.done, count: data.items }),
      });
    });
  }

  return (
    <AlertDialog open onOpenChange={(open) => !open && !pending && onClose()}>
      <AlertDialogContent
        title={
          selection.state !== "ready"
            ? t("restoreAllTitleLooking")
            : t(set === "all" ? "restoreAllTitle" : "restoreMatchingTitle", { count: selection.items })
        }
        description={<p>{t("restoreAllText")}</p>}
        cancel={common("cancel")}
        cancelDisabled={pending}
        act={
          <Button variant="primary" pending={pending} disabled={selection.state !== "ready"} onClick={restoreAll}>
            {t(set === "all" ? "restoreAll" : "restore")}
          </Button>
        }
      >
        {selection.state === "loading" ? <LookingAtTrash /> : null}
        {selection.state === "refused" ? <LookRefused message={selection.message} onAgain={again} /> : null}
        {selection.state === "ready" && selection.more ? <OldestOnly count={selection.items} /> : null}
      </AlertDialogContent>
    </AlertDialog>
  );
}
