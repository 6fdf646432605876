"use client";

import { useTranslations } from "next-intl";
import { useActionState, useState } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { Field } from "@/app/_ui/field";
import { Input } from "@/app/_ui/input";
import { signInAction } from "./actions";

/** `email` is filled in for who just set a password by an invite. */
export function SignInForm({ next, email: known }: { next: string; email: string }) {
  const t = useTranslations("auth");
  const [state, submit, pending] = useActionState(signInAction, null);
  // Forms are emptied after their action; only the password is to be typed again.
  const [email, setEmail] = useState(known);
  const wrong = state && !state.ok;
  return (
    <form action={submit} className="grid gap-4">
      {wrong ? (
        <Callout tone="danger" announce>
          {state.error.message}
        </Callout>
      ) : null}
      <input type="hidden" name="next" value={next} />
      <Field label={t("email")}>
        {(control) => (
          <Input
            {...control}
            name="email"
            type="email"
            value={email}
            onChange={({ target }) => setEmail(target.value)}
            autoComplete="username"
            required
            maxLength={254}
          />
        )}
      </Field>
      <Field label={t("password")}>
        {(control) => (
          <Input
            {...control}
            name="password"
            type="password"
            autoComplete="current-password"
            required
            maxLength={1024}
          />
        )}
      </Field>
      <Button type="submit" variant="primary" pending={pending} className="w-full">
        {t("signIn")}
      </Button>
    </form>
  );
}
