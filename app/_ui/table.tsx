import type { ComponentProps } from "react";
import { cn } from "./class-names";

/*
 * A real table. `label` names it and the region that scrolls it sideways where it is too wide. Row headers are
 * `<TableHeader scope="row">`; numbers are right-aligned with `numeric`.
 */

export function Table({ label, className, ...rest }: ComponentProps<"table"> & { label: string }) {
  return (
    <div role="region" aria-label={label} tabIndex={0} className="overflow-x-auto rounded-lg border border-line">
      <table {...rest} aria-label={label} className={cn("w-full border-collapse text-left text-sm", className)} />
    </div>
  );
}

export function TableHead({ className, ...rest }: ComponentProps<"thead">) {
  return <thead {...rest} className={cn("bg-panel text-muted", className)} />;
}

export function TableBody({ className, ...rest }: ComponentProps<"tbody">) {
  return <tbody {...rest} className={cn("[&>tr]:border-t", className)} />;
}

export function TableRow({ className, ...rest }: ComponentProps<"tr">) {
  return <tr {...rest} className={cn("aria-selected:bg-accent-soft", className)} />;
}

export function TableHeader({
  numeric = false,
  scope = "col",
  className,
  ...rest
}: ComponentProps<"th"> & { numeric?: boolean }) {
  return (
    <th
      {...rest}
      scope={scope}
      className={cn(
        "px-3 py-2 font-medium",
        scope === "col" ? "h-9 whitespace-nowrap" : "text-ink",
        numeric && "text-right",
        className,
      )}
    />
  );
}

export function TableCell({ numeric = false, className, ...rest }: ComponentProps<"td"> & { numeric?: boolean }) {
  return <td {...rest} className={cn("h-10 px-3 py-2", numeric && "text-right whitespace-nowrap", className)} />;
}
