import type { VariantProps } from "class-variance-authority";
import Link from "next/link";
import type { ComponentProps } from "react";
import { buttonStyle } from "./button";

/** A link that looks like a button: it leads somewhere and does nothing else. */
export function LinkButton({
  variant,
  size,
  className,
  ...rest
}: ComponentProps<typeof Link> & VariantProps<typeof buttonStyle>) {
  return <Link prefetch={false} {...rest} className={buttonStyle({ variant, size, className })} />;
}
