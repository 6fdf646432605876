"use client";

import { DropdownMenu as Radix } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./class-names";

/** Not modal: the page stays readable beside it, and an item may open a dialog. */
export function Menu(props: ComponentProps<typeof Radix.Root>) {
  return <Radix.Root modal={false} {...props} />;
}

/** Wrap a Button: `<MenuTrigger asChild><Button>…`. */
export const MenuTrigger = Radix.Trigger;

const ITEM =
  "relative flex items-center gap-2 rounded-sm px-2 py-1.5 text-base outline-none select-none data-highlighted:bg-hover data-disabled:text-faint pointer-coarse:py-2.5 [&_svg]:size-4 [&_svg]:shrink-0";

export function MenuContent({ className, ...rest }: ComponentProps<typeof Radix.Content>) {
  return (
    <Radix.Portal>
      <Radix.Content
        align="start"
        sideOffset={4}
        collisionPadding={8}
        {...rest}
        className={cn(
          "z-50 max-h-[var(--radix-dropdown-menu-content-available-height)] max-w-80 min-w-44 animate-appear overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-raised",
          className,
        )}
      />
    </Radix.Portal>
  );
}

/** One thing to do; `danger` for the one that destroys, which stands last, behind a separator. */
export function MenuItem({
  danger = false,
  className,
  ...rest
}: ComponentProps<typeof Radix.Item> & { danger?: boolean }) {
  return (
    <Radix.Item {...rest} className={cn(ITEM, danger && "text-danger data-highlighted:bg-danger-soft", className)} />
  );
}

export function MenuSeparator() {
  return <Radix.Separator className="-mx-1 my-1 h-px bg-line" />;
}
