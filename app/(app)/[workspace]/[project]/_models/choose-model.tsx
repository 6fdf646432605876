"use client";

import { useTranslations } from "next-intl";
import { useTransition } from "react";
import { Button } from "@/app/_ui/button";
import { toast, toastError } from "@/app/_ui/toast";
import type { VersionRef } from "@/lib/domain/item-state";
import { chooseModelAction } from "../_versions/actions";

/** Makes a model the default one of its version. */
export function ChooseModel({ version, modelSlug }: { version: VersionRef; modelSlug: string }) {
  const t = useTranslations("models");
  const [pending, startTransition] = useTransition();
  const choose = () =>
    startTransition(async () => {
      const result = await chooseModelAction({ ...version, modelSlug }).catch(() => null);
      if (result?.ok) toast(t("chosen", { model: modelSlug, path: `${version.projectSlug}/${version.number}` }));
      else toastError(result?.error.message ?? t("unreachable"));
    });
  return (
    <Button size="sm" pending={pending} aria-label={t("chooseName", { model: modelSlug })} onClick={choose}>
      {t("choose")}
    </Button>
  );
}
