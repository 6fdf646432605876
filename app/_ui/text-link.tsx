import Link from "next/link";
import type { ComponentProps } from "react";
import { cn } from "./class-names";

/** A link in running text. */
export function TextLink({ className, ...rest }: ComponentProps<typeof Link>) {
  return (
    <Link prefetch={false} {...rest} className={cn("rounded-sm text-accent underline underline-offset-2", className)} />
  );
}
