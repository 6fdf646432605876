"use client";

import { useTranslations } from "next-intl";
import { useId, useState, useTransition, type FormEvent } from "react";
import { Dialog, DialogContent } from "@/app/_ui/dialog";
import { Field } from "@/app/_ui/field";
import { FormFoot } from "@/app/_ui/form-foot";
import { Input } from "@/app/_ui/input";
import { toast, toastError } from "@/app/_ui/toast";
import type { ActionResult } from "@/lib/doors/action";

/** Gives something another name. Mounted means open. */
export function RenameDialog({
  title,
  description,
  name,
  rename,
  onClose,
}: {
  title: string;
  description: string;
  name: string;
  rename: (name: string) => Promise<ActionResult<{ name: string }>>;
  onClose: () => void;
}) {
  const t = useTranslations("versions.rename");
  const formId = useId();
  const [text, setText] = useState(name);
  const [error, setError] = useState<string | null>(null);
  const [pending, startTransition] = useTransition();
  const empty = text.trim() === "";

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (pending || empty) return;
    if (text === name) return onClose();
    startTransition(async () => {
      const result = await rename(text).catch(() => null);
      if (result?.ok === false && result.error.code === "forbidden")
        toastError(result.error.message); // the page, fetched anew, offers this no more: the dialog goes with its button
      else if (!result?.ok) return setError(result ? result.error.message : t("failed"));
      else toast(t("done", { before: name, after: result.data.name }));
      onClose();
    });
  }

  return (
    <Dialog open onOpenChange={(open) => (open ? undefined : onClose())}>
      <DialogContent
        title={title}
        description={description}
        foot={
          <FormFoot form={formId} pending={pending} disabled={empty ? t("empty") : false}>
            {t("confirm")}
          </FormFoot>
        }
      >
        <form id={formId} onSubmit={submit}>
          <Field label={t("name")} error={error}>
            {(control) => (
              <Input
                {...control}
                value={text}
                maxLength={200}
                data-focus-first
                autoComplete="off"
                onFocus={(event) => event.target.select()}
                onChange={(event) => {
                  setText(event.target.value);
                  setError(null);
                }}
              />
            )}
          </Field>
        </form>
      </DialogContent>
    </Dialog>
  );
}
