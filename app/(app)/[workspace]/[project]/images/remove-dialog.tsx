"use client";

import { useTranslations } from "next-intl";
import { useId, useState, type FormEvent } from "react";
import { Dialog, DialogContent } from "@/app/_ui/dialog";
import { Field } from "@/app/_ui/field";
import { FormFoot } from "@/app/_ui/form-foot";
import { Input } from "@/app/_ui/input";
import { IMAGES_PER_REMOVAL_MAX } from "@/lib/domain/limits";

const NOTE_MAX = 500;
const DAYS = 30;

/** Asks before images go to Trash, and says what that means. */
export function RemoveDialog({
  count,
  remove,
  onClose,
}: {
  count: number;
  /** Answers what was wrong with it, null when it was done. */
  remove: (note: string) => Promise<string | null>;
  onClose: () => void;
}) {
  const t = useTranslations("images.removal");
  const form = useId();
  const [note, setNote] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [pending, setPending] = useState(false);
  const going = Math.min(count, IMAGES_PER_REMOVAL_MAX);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (pending) return;
    setPending(true);
    const problem = await remove(note);
    setPending(false);
    if (problem === null) onClose();
    else setError(problem);
  }

  return (
    <Dialog open onOpenChange={(open) => (open || pending ? undefined : onClose())}>
      <DialogContent
        title={t("title", { count: going })}
        foot={
          <FormFoot form={form} pending={pending}>
            {t("act")}
          </FormFoot>
        }
      >
        <form id={form} onSubmit={(event) => void submit(event)} className="grid gap-4">
          <ul className="grid gap-2">
            {count > going ? <li>{t("atMost", { max: going, count })}</li> : null}
            <li>{t("kept", { days: DAYS })}</li>
            <li>{t("versions")}</li>
            <li>{t("bytes")}</li>
          </ul>
          <Field label={t("note")} error={error}>
            {(control) => (
              <Input {...control} value={note} maxLength={NOTE_MAX} onChange={({ target }) => setNote(target.value)} />
            )}
          </Field>
        </form>
      </DialogContent>
    </Dialog>
  );
}
