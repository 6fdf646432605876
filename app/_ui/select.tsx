import { ChevronDown } from "lucide-react";
import type { ComponentProps } from "react";
import { cn, CONTROL } from "./class-names";

const QUIET =
  "rounded-md bg-transparent pl-2 text-sm font-medium text-muted hover:bg-hover hover:text-ink h-7 pointer-coarse:h-10";

/**
 * The browser's own select, which every phone and screen reader knows. Give it `<option>`s, and a label or aria-label.
 * `quiet` is for settings at the edge of a page.
 */
export function Select({ quiet = false, className, ...rest }: ComponentProps<"select"> & { quiet?: boolean }) {
  return (
    <span className={cn("relative inline-block max-w-full", className)}>
      <select
        {...rest}
        className={cn(
          "appearance-none text-ellipsis",
          quiet
            ? `${QUIET} max-w-full pr-6 [&>option]:bg-raised [&>option]:text-ink`
            : `${CONTROL} h-8 pr-7 pointer-coarse:h-10`,
        )}
      />
      <ChevronDown
        aria-hidden
        className={cn(
          "pointer-events-none absolute top-1/2 size-4 -translate-y-1/2 text-muted",
          quiet ? "right-1 size-3.5" : "right-2",
        )}
      />
    </span>
  );
}
