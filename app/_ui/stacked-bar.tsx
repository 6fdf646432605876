import { Count } from "./number";
import { cn } from "./class-names";

export interface Segment {
  label: string;
  value: number;
  tone: keyof typeof TONES;
}

export const TONES = { train: "bg-train", valid: "bg-valid", test: "bg-test" };

/** Parts of a whole in one bar, with a legend that says the same in numbers; empty parts are left out of the bar. */
export function StackedBar({
  segments,
  legend = true,
  className,
}: {
  segments: readonly Segment[];
  legend?: boolean;
  className?: string;
}) {
  const total = segments.reduce((sum, { value }) => sum + value, 0);
  return (
    <div className={cn("grid gap-2", className)}>
      <div aria-hidden className="flex h-2 gap-0.5 overflow-hidden rounded-full bg-hover">
        {segments.map(({ label, value, tone }) =>
          value > 0 ? (
            <div key={label} className={TONES[tone]} style={{ width: `${(value / total) * 100}%`, minWidth: 2 }} />
          ) : null,
        )}
      </div>
      <ul className={cn("flex flex-wrap gap-x-4 gap-y-1 text-sm", !legend && "sr-only")}>
        {segments.map(({ label, value, tone }) => (
          <li key={label} className="flex items-center gap-1.5">
            <span aria-hidden className={cn("size-2 rounded-full", TONES[tone])} />
            <span className="text-muted">{label}</span>
            <Count value={value} />
          </li>
        ))}
      </ul>
    </div>
  );
}
