"use client";

import { useTranslations } from "next-intl";
import { useState, useTransition } from "react";
import { AlertDialog, AlertDialogContent, AlertDialogTrigger } from "@/app/_ui/alert-dialog";
import { Button } from "@/app/_ui/button";
import { useLeave } from "@/app/_ui/leave";
import { toast, toastError } from "@/app/_ui/toast";
import { revokeKeyAction } from "./actions";

/** Ends a key, after saying what stops working. */
export function RevokeKey({
  workspaceSlug,
  apiKey,
}: {
  workspaceSlug: string;
  apiKey: { id: string; name: string; prefix: string };
}) {
  const t = useTranslations("keys");
  const common = useTranslations("common");
  const [open, setOpen] = useState(false);
  const [pending, startTransition] = useTransition();
  const leave = useLeave("keys-in-force");

  const revoke = () =>
    startTransition(async () => {
      const result = await revokeKeyAction({ workspaceSlug, keyId: apiKey.id }).catch(() => null);
      setOpen(false);
      if (!result?.ok) return toastError(result?.error.message ?? common("unknown"));
      leave();
      toast(t("revokedToast", { name: apiKey.name }));
    });

  return (
    <AlertDialog open={open} onOpenChange={setOpen}>
      <AlertDialogTrigger asChild>
        <Button size="sm" aria-label={t("revokeKey", { name: apiKey.name })}>
          {t("revoke")}
        </Button>
      </AlertDialogTrigger>
      <AlertDialogContent
        title={t("revokeTitle", { name: apiKey.name })}
        description={
          <div className="grid gap-2">
            <p>
              {t.rich("revokeText", {
                prefix: `${apiKey.prefix}…`,
                code: (chunks) => <code className="font-mono text-sm text-ink">{chunks}</code>,
              })}
            </p>
            <p>{t("revokeFinal")}</p>
          </div>
        }
        cancel={common("cancel")}
        act={
          <Button variant="danger" pending={pending} onClick={revoke}>
            {t("revokeAct")}
          </Button>
        }
      />
    </AlertDialog>
  );
}
