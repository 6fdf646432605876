import { cn } from "./class-names";

/** A grey shape where something will be; give it the size of that. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn("animate-pulse rounded-md bg-hover", className)} />;
}
