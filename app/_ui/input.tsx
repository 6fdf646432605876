import type { ComponentProps } from "react";
import { cn, CONTROL } from "./class-names";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input {...rest} className={cn(CONTROL, "h-8 pointer-coarse:h-10", className)} />;
}
