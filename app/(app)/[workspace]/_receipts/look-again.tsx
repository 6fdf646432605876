"use client";

import { useTranslations } from "next-intl";
import { useState, useTransition } from "react";
import { Button } from "@/app/_ui/button";
import { toastError } from "@/app/_ui/toast";
import { lookAgainAction } from "./actions";

/** Reads the store back once more for a verified receipt, and says what was found; the receipt around it tells it for good. */
export function LookAgain(receipt: { workspaceSlug: string; receiptId: string }) {
  const t = useTranslations("receipt");
  const [found, setFound] = useState<number | null>(null);
  const [pending, startTransition] = useTransition();

  function look(): void {
    setFound(null);
    startTransition(async () => {
      const result = await lookAgainAction(receipt).catch(() => null);
      if (result?.ok) startTransition(() => setFound(result.data.lateFiles));
      else toastError(result ? result.error.message : t("unreachable"));
    });
  }

  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <Button size="sm" pending={pending} onClick={look}>
        {t("lookAgain")}
      </Button>
      <span role="status" className="text-sm">
        {found === null ? "" : t("found", { count: found })}
      </span>
    </span>
  );
}
