"use client";

import { X } from "lucide-react";
import { useTranslations } from "next-intl";
import { Dialog as Radix } from "radix-ui";
import { useRef, type ReactNode } from "react";
import { buttonStyle } from "./button";
import { cn } from "./class-names";

export const OVERLAY = "fixed inset-0 z-40 bg-overlay animate-appear";
export const PANEL =
  "fixed top-[max(1rem,12dvh)] inset-x-4 z-50 mx-auto flex max-h-[calc(100dvh-max(1rem,12dvh)-1rem)] max-w-[28rem] flex-col rounded-lg border border-line bg-raised shadow-raised animate-appear";

export const Dialog = Radix.Root;
export const DialogTrigger = Radix.Trigger;
export const DialogClose = Radix.Close;

/**
 * A dialog's content, for a `Dialog` around it: title, what it says, and a foot for its buttons. Focus is kept inside and
 * goes back to where it was, with or without a DialogTrigger; Escape closes. `wide` for tables; `keep` where a press
 * outside must not lose what it shows. Focus starts on the element with `data-focus-first`, if there is one; autoFocus
 * would make the dialog forget where the focus was.
 */
export function DialogContent({
  title,
  description,
  foot,
  wide = false,
  keep = false,
  children,
}: {
  title: ReactNode;
  description?: ReactNode;
  foot?: ReactNode;
  wide?: boolean;
  keep?: boolean;
  children?: ReactNode;
}) {
  const t = useTranslations("common");
  const cameFrom = useRef<Element | null>(null);
  return (
    <Radix.Portal>
      <Radix.Overlay className={OVERLAY} />
      <Radix.Content
        className={cn(PANEL, wide && "max-w-[44rem]")}
        onOpenAutoFocus={(event) => {
          cameFrom.current = document.activeElement;
          focusFirst(event);
        }}
        onCloseAutoFocus={(event) => {
          const back = cameFrom.current;
          if (!(back instanceof HTMLElement) || !back.isConnected || back === document.body) return;
          event.preventDefault();
          back.focus();
        }}
        {...(description ? {} : { "aria-describedby": undefined })}
        {...(keep ? { onInteractOutside: (event: Event) => event.preventDefault() } : {})}
      >
        <div className="flex items-start gap-3 px-5 pt-4">
          <Radix.Title className="grow pt-0.5 text-lg font-semibold">{title}</Radix.Title>
          <Radix.Close
            className={buttonStyle({ variant: "ghost", size: "icon", className: "-mr-2" })}
            aria-label={t("close")}
          >
            <X aria-hidden />
          </Radix.Close>
        </div>
        <div className="grid min-h-0 gap-4 overflow-y-auto px-5 pt-1 pb-5">
          {description ? <Radix.Description className="text-muted">{description}</Radix.Description> : null}
          {children}
        </div>
        {foot ? <div className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">{foot}</div> : null}
      </Radix.Content>
    </Radix.Portal>
  );
}

function focusFirst(event: Event): void {
  const first =
    event.currentTarget instanceof HTMLElement
      ? event.currentTarget.querySelector<HTMLElement>("[data-focus-first]")
      : null;
  if (!first) return;
  event.preventDefault();
  first.focus();
}
