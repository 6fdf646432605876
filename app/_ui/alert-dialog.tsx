"use client";

import { AlertDialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./class-names";
import { OVERLAY, PANEL } from "./dialog";

export const AlertDialog = Radix.Root;
export const AlertDialogTrigger = Radix.Trigger;
/** Wrap the cancel button: `<AlertDialogCancel asChild><Button>…`. It has the focus when the dialog opens. */
export const AlertDialogCancel = Radix.Cancel;

/**
 * The content of a dialog that must be answered: clicking outside does not close it, focus starts on its
 * `AlertDialogCancel`, Escape cancels. The act is an ordinary Button in the foot: the dialog stays open while it runs.
 */
export function AlertDialogContent({ title, description, foot, wide = false, children }: { title: ReactNode; description: ReactNode; foot: ReactNode; wide?: boolean; children?: ReactNode }) {
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
        <div className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">{foot}</div>
      </Radix.Content>
    </Radix.Portal>
  );
}
