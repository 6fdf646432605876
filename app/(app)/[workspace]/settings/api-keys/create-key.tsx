"use client";

import { useTranslations } from "next-intl";
import { startTransition, useActionState, useId, useState, type SyntheticEvent } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { DialogClose, DialogContent } from "@/app/_ui/dialog";
import { Field } from "@/app/_ui/field";
import { FormFoot } from "@/app/_ui/form-foot";
import { Input } from "@/app/_ui/input";
import { NewDialog } from "@/app/_ui/new-dialog";
import { Secret } from "@/app/_ui/secret";
import type { Scope } from "@/lib/domain/scopes";
import { unanswered } from "@/app/_ui/unanswered";
import type { ActionResult } from "@/lib/doors/action";
import { createKeyAction } from "./actions";
import { ScopeFields } from "./scope-fields";
import { PRESETS } from "./scopes";
import { Snippets } from "./snippets";

interface Made {
  name: string;
  key: string;
}

/** Makes a key and shows its secret, in the one dialog; closing it forgets both. */
export function CreateKey({ workspaceSlug, apiUrl }: { workspaceSlug: string; apiUrl: string }) {
  const t = useTranslations("keys");
  return (
    <NewDialog label={t("create")}>
      {() => <CreateKeyContent workspaceSlug={workspaceSlug} apiUrl={apiUrl} />}
    </NewDialog>
  );
}

/** One content for both steps: the dialog stays, so that the focus goes from the form to what came of it. */
function CreateKeyContent({ workspaceSlug, apiUrl }: { workspaceSlug: string; apiUrl: string }) {
  const t = useTranslations("keys");
  const common = useTranslations("common");
  const form = useId();
  const [made, setMade] = useState<Made | null>(null);
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<ReadonlySet<Scope>>(new Set(PRESETS[1].scopes));
  const [state, submit, pending] = useActionState(async (): Promise<ActionResult<unknown>> => {
    const result = await createKeyAction({ workspaceSlug, name, scopes: [...scopes] }).catch(() =>
      unanswered(common("unknown")),
    );
    if (result.ok) setMade(result.data);
    return result;
  }, null);
  // Not the form's action: React would then empty the form, also what was refused.
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!pending) startTransition(submit);
  };
  const error = state && !state.ok ? state.error : null;
  const field = error?.details["field"];
  const foot = made ? (
    <DialogClose asChild>
      <Button variant="primary">{t("done")}</Button>
    </DialogClose>
  ) : (
    <FormFoot form={form} pending={pending} disabled={scopes.size === 0 ? t("scopesMissing") : false}>
      {t("createAct")}
    </FormFoot>
  );
  return (
    <DialogContent
      wide
      keep={made !== null}
      title={made ? t("madeTitle", { name: made.name }) : t("create")}
      description={made ? t("madeText") : t("createText")}
      foot={foot}
    >
      {made ? (
        <>
          <Secret text={made.key} label={t("secret")} copyLabel={t("copyKey")} />
          <Snippets apiKey={made.key} workspaceSlug={workspaceSlug} apiUrl={apiUrl} />
        </>
      ) : (
        <form id={form} onSubmit={send} className="grid gap-5">
          {error && field !== "name" ? (
            <Callout tone="danger" announce>
              {error.message}
            </Callout>
          ) : null}
          <Field label={t("name")} description={t("nameHelp")} error={field === "name" ? error?.message : undefined}>
            {(control) => (
              <Input
                {...control}
                name="name"
                value={name}
                onChange={({ target }) => setName(target.value)}
                autoFocus
                required
                maxLength={200}
                autoComplete="off"
              />
            )}
          </Field>
          <ScopeFields chosen={scopes} choose={setScopes} />
        </form>
      )}
    </DialogContent>
  );
}
