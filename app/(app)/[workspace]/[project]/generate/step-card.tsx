"use client";

import { X } from "lucide-react";
import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { Button } from "@/app/_ui/button";

/** One chosen step: what it is, what it does, its controls, and the button that takes it away. `id` is its heading's. */
export function StepCard({
  id,
  title,
  help,
  error,
  onRemove,
  children,
}: {
  id: string;
  title: string;
  help: string;
  error?: string | undefined;
  onRemove: () => void;
  children?: ReactNode;
}) {
  const t = useTranslations("generate");
  return (
    <li className="grid gap-3 px-4 py-3">
      <div className="flex items-start gap-2">
        <div className="grid min-w-0 grow gap-0.5">
          <h3 id={id} tabIndex={-1} className="w-fit rounded-sm font-medium">
            {title}
          </h3>
          <p className="text-sm text-muted">{help}</p>
        </div>
        <Button
          variant="ghost"
          size="icon"
          aria-label={t("remove", { step: title })}
          onClick={onRemove}
          className="-mr-1.5"
        >
          <X aria-hidden />
        </Button>
      </div>
      {children}
      <div aria-live="polite" className="empty:hidden">
        {error ? <p className="text-sm text-danger">{error}</p> : null}
      </div>
    </li>
  );
}
