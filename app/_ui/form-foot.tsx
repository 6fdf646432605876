"use client";

import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { Button } from "./button";
import { DialogClose } from "./dialog";

/** The foot of a dialog with a form: the button that changes nothing, then the one that sends it; `disabled` says why not yet. */
export function FormFoot({
  form,
  pending,
  disabled = false,
  children,
}: {
  /** The form's id. */
  form: string;
  pending: boolean;
  disabled?: string | false;
  children: ReactNode;
}) {
  const t = useTranslations("common");
  return (
    <>
      <DialogClose asChild>
        <Button>{t("cancel")}</Button>
      </DialogClose>
      <Button type="submit" form={form} variant="primary" pending={pending} disabled={disabled}>
        {children}
      </Button>
    </>
  );
}
