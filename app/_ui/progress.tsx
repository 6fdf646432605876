import { useFormatter } from "next-intl";
import { cn } from "./class-names";

/** How far something is, from 0 to 1; null while nobody knows. `label` names it for screen readers. */
export function Progress({ value, label, className }: { value: number | null; label: string; className?: string }) {
  const format = useFormatter();
  const part = value === null ? null : Math.min(Math.max(value, 0), 1);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(part === null
        ? {}
        : { "aria-valuenow": Math.round(part * 100), "aria-valuetext": format.number(part, { style: "percent" }) })}
      className={cn("h-1.5 overflow-hidden rounded-full bg-hover", className)}
    >
      <div
        className={cn(
          "h-full rounded-full bg-accent-solid transition-[width] duration-150",
          part === null && "w-1/3 animate-pulse",
        )}
        style={part === null ? undefined : { width: `${part * 100}%` }}
      />
    </div>
  );
}
