"use client";

import { useTranslations } from "next-intl";
import { startTransition, useActionState, useId, useState, type SyntheticEvent } from "react";
import { Callout } from "@/app/_ui/callout";
import { DialogContent } from "@/app/_ui/dialog";
import { Field } from "@/app/_ui/field";
import { FormFoot } from "@/app/_ui/form-foot";
import { Input } from "@/app/_ui/input";
import { NewDialog } from "@/app/_ui/new-dialog";
import { RadioCards } from "@/app/_ui/radio-cards";
import { toast } from "@/app/_ui/toast";
import { unanswered } from "@/app/_ui/unanswered";
import type { ActionResult } from "@/lib/doors/action";
import { addMemberAction } from "./actions";
import { useLinkContent, type Invited } from "./link-content";
import { ROLES, type Role } from "./roles";

/** Adds somebody by e-mail address. Who has no account yet gets one, and its one-time link is shown in the same dialog. */
export function AddMember({ workspaceSlug }: { workspaceSlug: string }) {
  const t = useTranslations("members");
  return (
    <NewDialog label={t("add")}>
      {(close) => <AddMemberContent workspaceSlug={workspaceSlug} close={close} />}
    </NewDialog>
  );
}

/** One content for both steps: the dialog stays, so that the focus goes from the form to what came of it. */
function AddMemberContent({ workspaceSlug, close }: { workspaceSlug: string; close: () => void }) {
  const t = useTranslations("members");
  const common = useTranslations("common");
  const contentOf = useLinkContent();
  const form = useId();
  const [invited, setInvited] = useState<Invited | null>(null);
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("EDITOR");
  const [state, submit, pending] = useActionState(async (): Promise<ActionResult<unknown>> => {
    const result = await addMemberAction({ workspaceSlug, email, role }).catch(() => unanswered(common("unknown")));
    if (!result.ok) return result;
    const { name, before, link } = result.data;
    if (link) setInvited({ name, link });
    else {
      toast(
        before === null
          ? t("addedToast", { name, role: common("role", { role }) })
          : t("roleChanged", { name, role: common("role", { role }) }),
      );
      close();
    }
    return result;
  }, null);
  // Not the form's action: React would then empty the form, also what was refused.
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!pending) startTransition(submit);
  };
  const error = state && !state.ok ? state.error : null;
  const emailError = error?.details["field"] === "email" ? error.message : undefined;
  if (invited) return <DialogContent {...contentOf(invited)} />;
  return (
    <DialogContent
      title={t("add")}
      description={t("addText")}
      foot={
        <FormFoot form={form} pending={pending}>
          {t("addAct")}
        </FormFoot>
      }
    >
      <form id={form} onSubmit={send} className="grid gap-5">
        {error && emailError === undefined ? (
          <Callout tone="danger" announce>
            {error.message}
          </Callout>
        ) : null}
        <Field label={t("email")} error={emailError}>
          {(control) => (
            <Input
              {...control}
              name="email"
              type="email"
              value={email}
              onChange={({ target }) => setEmail(target.value)}
              autoFocus
              required
              maxLength={254}
              autoComplete="off"
            />
          )}
        </Field>
        <RadioCards
          legend={t("role")}
          options={ROLES.map((value) => ({ value, title: common("role", { role: value }), text: t(`may.${value}`) }))}
          value={role}
          onChange={setRole}
        />
      </form>
    </DialogContent>
  );
}
