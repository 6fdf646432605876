"use client";

import { useTranslations } from "next-intl";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { Skeleton } from "@/app/_ui/skeleton";

/* What a dialog shows while what it asks about is frozen, or when it cannot be. */

/** In the shape of a few names and their figures. */
export function LookingAtTrash() {
  const common = useTranslations("common");
  return (
    <div
      role="status"
      aria-label={common("loading")}
      className="grid gap-2.5 rounded-md border border-line px-3 py-2.5"
    >
      <Skeleton className="h-4 w-3/5" />
      <Skeleton className="h-4 w-2/5" />
      <Skeleton className="h-4 w-4/5" />
    </div>
  );
}

export function LookRefused({ message, onAgain }: { message: string; onAgain: () => void }) {
  const common = useTranslations("common");
  return (
    <Callout tone="warn" announce action={<Button onClick={onAgain}>{common("tryAgain")}</Button>}>
      {message}
    </Callout>
  );
}

/** Of a Trash that holds more than can be frozen. */
export function OldestOnly({ count }: { count: number }) {
  const t = useTranslations("trash");
  return <p>{t("oldestOnly", { count })}</p>;
}
