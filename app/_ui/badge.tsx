import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";

const style = cva("inline-flex items-center gap-1 rounded-sm px-1.5 text-xs leading-5 font-medium whitespace-nowrap", {
  variants: {
    tone: {
      neutral: "bg-hover text-muted",
      accent: "bg-accent-soft text-accent",
      ok: "bg-ok-soft text-ok",
      warn: "bg-warn-soft text-warn",
      danger: "bg-danger-soft text-danger",
    },
  },
  defaultVariants: { tone: "neutral" },
});

/** A state in a word; the word says it, the colour only helps. */
export function Badge({ tone, className, ...rest }: ComponentProps<"span"> & VariantProps<typeof style>) {
  return <span {...rest} className={style({ tone, className })} />;
}
