"use client";

import { AlertDialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Button } from "./button";
import { cn } from "./class-names";
import { OVERLAY, PANEL } from "./dialog";

export const AlertDialog = Radix.Root;
export const AlertDialogTrigger = Radix.Trigger;

interface Props {
  title: ReactNode;
  description: ReactNode;
  /** What the button says that changes nothing. */
  cancel: ReactNode;
  cancelDisabled?: boolean;
  /** The button that acts. */
  act: ReactNode;
  wide?: boolean;
  children?: ReactNode;
}

/**
 * The content of a dialog that must be answered: clicking outside does not close it, focus starts on the button that
 * cancels, Escape cancels. The act is an ordinary Button: the dialog stays open while it runs.
 */
export function AlertDialogContent({
  title,
  description,
  cancel,
  cancelDisabled = false,
  act,
  wide = false,
  children,
}: Props) {
  return (
    <Radix.Portal>
      <Radix.Overlay className={OVERLAY} />
      <Radix.Content className={cn(PANEL, wide && "max-w-[44rem]")}>
        <div className="px-5 pt-4">
          <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
        </div>
        <div className="grid min-h-0 gap-4 overflow-y-auto px-5 pt-1 pb-5">
          <Radix.Description asChild>
            <div className="text-muted">{description}</div>
          </Radix.Description>
          {children}
        </div>
        <div className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">
          <Radix.Cancel asChild>
            <Button disabled={cancelDisabled}>{cancel}</Button>
          </Radix.Cancel>
          {act}
        </div>
      </Radix.Content>
    </Radix.Portal>
  );
}
