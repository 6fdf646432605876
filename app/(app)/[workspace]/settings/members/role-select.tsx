"use client";

import { useTranslations } from "next-intl";
import { useOptimistic, useState, useTransition } from "react";
import { AlertDialog, AlertDialogContent } from "@/app/_ui/alert-dialog";
import { Button } from "@/app/_ui/button";
import { Select } from "@/app/_ui/select";
import { toast, toastError, toastWithAction } from "@/app/_ui/toast";
import { changeRoleAction } from "./actions";
import { isRole, ROLES, type PersonRow, type Role } from "./roles";

/** A member's role. One's own is given up only after a question; anybody else's is changed at once, with Undo. */
export function RoleSelect({
  workspaceSlug,
  member,
  role,
  lastOwner,
}: {
  workspaceSlug: string;
  member: PersonRow;
  role: Role;
  lastOwner: boolean;
}) {
  const t = useTranslations("members");
  const common = useTranslations("common");
  const [shown, show] = useOptimistic(role);
  const [asked, setAsked] = useState<Role | null>(null);
  const [pending, startTransition] = useTransition();

  const change = (to: Role, undo: boolean) =>
    startTransition(async () => {
      show(to);
      const result = await changeRoleAction({ workspaceSlug, userId: member.userId, role: to }).catch(() => null);
      setAsked(null);
      if (!result?.ok) return toastError(result?.error.message ?? common("unknown"));
      const text = t("roleChanged", { name: member.name, role: common("role", { role: to }) });
      if (undo) toastWithAction(text, { label: common("undo"), run: () => change(role, false) });
      else toast(text);
    });

  if (lastOwner) {
    return (
      <div className="grid gap-0.5">
        <span>{common("role", { role })}</span>
        <span className="text-xs text-muted">{t("lastOwner")}</span>
      </div>
    );
  }
  return (
    <>
      <Select
        aria-label={t("roleOf", { name: member.name })}
        aria-busy={pending}
        value={asked ?? shown}
        className="min-w-28"
        onChange={({ target }) => {
          if (!isRole(target.value)) return;
          if (member.self) setAsked(target.value);
          else change(target.value, true);
        }}
      >
        {ROLES.map((value) => (
          <option key={value} value={value}>
            {common("role", { role: value })}
          </option>
        ))}
      </Select>
      <AlertDialog open={asked !== null} onOpenChange={(open) => !open && setAsked(null)}>
        <AlertDialogContent
          title={t("ownRoleTitle")}
          description={t("ownRoleText", { role: common("role", { role: asked ?? role }) })}
          cancel={common("cancel")}
          act={
            <Button variant="danger" pending={pending} onClick={() => asked && change(asked, false)}>
              {t("ownRoleAct")}
            </Button>
          }
        />
      </AlertDialog>
    </>
  );
}
