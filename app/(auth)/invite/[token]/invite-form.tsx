"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { startTransition, useActionState, useState, type SyntheticEvent } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { Field } from "@/app/_ui/field";
import { Input } from "@/app/_ui/input";
import { toast } from "@/app/_ui/toast";
import { unanswered } from "@/app/_ui/unanswered";
import type { ActionResult } from "@/lib/doors/action";
import { acceptInviteAction } from "./actions";

/** Sets the password, then leads to sign-in with the address filled in; the used link leaves the browser's history. */
export function InviteForm({ token, email }: { token: string; email: string }) {
  const t = useTranslations("auth");
  const common = useTranslations("common");
  const router = useRouter();
  const [password, setPassword] = useState("");
  const [visible, setVisible] = useState(false);
  const [state, submit, pending] = useActionState(async (): Promise<ActionResult<unknown>> => {
    const result = await acceptInviteAction({ token, password }).catch(() => unanswered(common("unknown")));
    if (result.ok) {
      toast(t("invite.done"));
      router.replace(`/sign-in?email=${encodeURIComponent(result.data.email)}`);
    }
    return result;
  }, null);
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    startTransition(submit);
  };
  const error = state && !state.ok ? state.error : null;
  const passwordError = error?.details["field"] === "password" ? error.message : undefined;
  return (
    <form onSubmit={send} className="grid gap-4">
      {error && passwordError === undefined ? (
        <Callout tone="danger" announce>
          {error.message}
        </Callout>
      ) : null}
      <Field label={t("email")}>
        {(control) => (
          <Input
            {...control}
            name="email"
            type="email"
            value={email}
            readOnly
            autoComplete="username"
            className="bg-panel text-muted"
          />
        )}
      </Field>
      <Field label={t("invite.password")} description={t("invite.passwordHelp")} error={passwordError}>
        {(control) => (
          <div className="flex gap-2">
            <Input
              {...control}
              name="password"
              type={visible ? "text" : "password"}
              value={password}
              onChange={({ target }) => setPassword(target.value)}
              autoComplete="new-password"
              required
              maxLength={1024}
              autoFocus
            />
            <Button
              aria-label={visible ? t("invite.hidePassword") : t("invite.showPassword")}
              onClick={() => setVisible(!visible)}
            >
              {visible ? t("invite.hide") : t("invite.show")}
            </Button>
          </div>
        )}
      </Field>
      <Button type="submit" variant="primary" pending={pending} className="w-full">
        {t("invite.act")}
      </Button>
    </form>
  );
}
