"use client";

import { Plus } from "lucide-react";
import { useTranslations } from "next-intl";
import { startTransition, useActionState, useId, useState, type SyntheticEvent } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { Dialog, DialogClose, DialogContent, DialogTrigger } from "@/app/_ui/dialog";
import { Field } from "@/app/_ui/field";
import { Input } from "@/app/_ui/input";
import { Secret } from "@/app/_ui/secret";
import type { Scope } from "@/lib/domain/scopes";
import type { ActionResult } from "@/lib/edge/action";
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
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<Made | null>(null);
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => {
        setMade(null);
        setOpen(next);
      }}
    >
      <DialogTrigger asChild>
        <Button variant="primary">
          <Plus aria-hidden />
          {t("create")}
        </Button>
      </DialogTrigger>
      {made ? <MadeContent made={made} workspaceSlug={workspaceSlug} apiUrl={apiUrl} /> : <FormContent workspaceSlug={workspaceSlug} made={setMade} />}
    </Dialog>
  );
}

function FormContent({ workspaceSlug, made }: { workspaceSlug: string; made: (made: Made) => void }) {
  const t = useTranslations("keys");
  const common = useTranslations("common");
  const form = useId();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<ReadonlySet<Scope>>(new Set(PRESETS[1].scopes));
  const [state, submit, pending] = useActionState(async (): Promise<ActionResult<unknown>> => {
    const result = await createKeyAction({ workspaceSlug, name, scopes: [...scopes] });
    if (result.ok) made(result.data);
    return result;
  }, null);
  // Not the form's action: React would then empty the form, also what was refused.
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    startTransition(submit);
  };
  const error = state && !state.ok ? state.error : null;
  const field = error?.details["field"];
  return (
    <DialogContent
      wide
      title={t("create")}
      description={t("createText")}
      foot={
        <>
          <DialogClose asChild>
            <Button>{common("cancel")}</Button>
          </DialogClose>
          <Button type="submit" form={form} variant="primary" pending={pending} disabled={scopes.size === 0 ? t("scopesMissing") : false}>
            {t("createAct")}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={send} className="grid gap-5">
        {error && field !== "name" ? (
          <Callout tone="danger" announce>
            {error.message}
          </Callout>
        ) : null}
        <Field label={t("name")} description={t("nameHelp")} error={field === "name" ? error?.message : undefined}>
          {(control) => <Input {...control} name="name" value={name} onChange={({ target }) => setName(target.value)} autoFocus required maxLength={200} autoComplete="off" />}
        </Field>
        <ScopeFields chosen={scopes} choose={setScopes} />
      </form>
    </DialogContent>
  );
}

function MadeContent({ made, workspaceSlug, apiUrl }: { made: Made; workspaceSlug: string; apiUrl: string }) {
  const t = useTranslations("keys");
  return (
    <DialogContent
      wide
      keep
      title={t("madeTitle", { name: made.name })}
      description={t("madeText")}
      foot={
        <DialogClose asChild>
          <Button variant="primary">{t("done")}</Button>
        </DialogClose>
      }
    >
      <Secret text={made.key} label={t("secret")} copyLabel={t("copyKey")} />
      <Snippets apiKey={made.key} workspaceSlug={workspaceSlug} apiUrl={apiUrl} />
    </DialogContent>
  );
}
