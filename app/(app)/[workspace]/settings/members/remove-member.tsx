"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useState, useTransition } from "react";
import { AlertDialog, AlertDialogContent, AlertDialogTrigger } from "@/app/_ui/alert-dialog";
import { Button } from "@/app/_ui/button";
import { useLeave } from "@/app/_ui/leave";
import { toast, toastError } from "@/app/_ui/toast";
import { removeMemberAction } from "./actions";
import type { PersonRow } from "./roles";

/** Takes somebody out of the workspace, after saying what they lose. Who removes themselves goes home. */
export function RemoveMember({
  workspaceSlug,
  workspaceName,
  member,
  apiKeys,
  lastOwner,
}: {
  workspaceSlug: string;
  workspaceName: string;
  member: PersonRow;
  apiKeys: number;
  lastOwner: boolean;
}) {
  const t = useTranslations("members");
  const common = useTranslations("common");
  const router = useRouter();
  const [open, setOpen] = useState(false);
  const [pending, startTransition] = useTransition();
  const leave = useLeave("members");
  const { name, self } = member;

  const remove = () =>
    startTransition(async () => {
      const result = await removeMemberAction({ workspaceSlug, userId: member.userId }).catch(() => null);
      setOpen(false);
      if (!result?.ok) return toastError(result?.error.message ?? common("unknown"));
      leave();
      toast(
        self ? t("leftToast", { workspace: workspaceName }) : t("removedToast", { name, workspace: workspaceName }),
      );
      if (self) router.replace("/");
    });

  const trigger = (
    <Button
      size="sm"
      aria-label={self ? t("leaveWorkspace", { workspace: workspaceName }) : t("removePerson", { name })}
      disabled={lastOwner ? t("lastOwnerReason", { name }) : false}
    >
      {self ? t("leave") : t("remove")}
    </Button>
  );
  if (lastOwner) return trigger;
  return (
    <AlertDialog open={open} onOpenChange={setOpen}>
      <AlertDialogTrigger asChild>{trigger}</AlertDialogTrigger>
      <AlertDialogContent
        title={
          self ? t("leaveTitle", { workspace: workspaceName }) : t("removeTitle", { name, workspace: workspaceName })
        }
        description={
          <ul className="grid list-disc gap-1 pl-5">
            <li>{self ? t("leaveAccess") : t("removeAccess", { name })}</li>
            {apiKeys > 0 ? <li>{t("removeKeys", { count: apiKeys })}</li> : null}
            <li>{t("removeKept")}</li>
          </ul>
        }
        cancel={common("cancel")}
        act={
          <Button variant="danger" pending={pending} onClick={remove}>
            {self ? t("leaveAct") : t("removeAct")}
          </Button>
        }
      />
    </AlertDialog>
  );
}
