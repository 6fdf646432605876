"use client";

import { useTranslations } from "next-intl";
import { useEffect } from "react";
import { toast as sonner, Toaster as Sonner } from "sonner";

export interface Message {
  text: string;
  error: boolean;
  durationMs: number;
  action?: { label: string; run: () => void };
}

/** What toast.tsx loads for the first toast: shows what waits, then whatever comes. */
export function Toaster({
  waiting,
  listen,
}: {
  waiting: Message[];
  listen: (show: (message: Message) => void) => void;
}) {
  const t = useTranslations("common");
  useEffect(() => {
    listen(show);
    waiting.splice(0).forEach(show);
  }, [waiting, listen]);
  return (
    <Sonner
      position="bottom-right"
      containerAriaLabel={t("notifications")}
      visibleToasts={4}
      gap={8}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            "font-sans! flex w-[min(356px,calc(100vw-2rem))] items-center gap-3 rounded-lg border border-line bg-raised px-4 py-3 text-base text-ink shadow-raised",
          content: "min-w-0 grow",
          title: "break-words",
          actionButton:
            "shrink-0 rounded-md border border-line px-2 h-7 text-sm font-medium text-accent hover:bg-hover",
          error: "border-danger",
        },
      }}
    />
  );
}

function show({ text, error, durationMs, action }: Message): void {
  const options = {
    duration: durationMs,
    ...(action ? { action: { label: action.label, onClick: () => action.run() } } : {}),
  };
  if (error) sonner.error(text, { ...options, icon: null });
  else sonner(text, options);
}
