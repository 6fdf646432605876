import { cva, type VariantProps } from "class-variance-authority";
import { LoaderCircle } from "lucide-react";
import type { ComponentProps } from "react";
import { Tooltip } from "./tooltip";

/** How buttons, and links that look like them, look. "danger" is for the act itself, "danger-outline" for the way to it. */
export const buttonStyle = cva(
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors duration-100 select-none aria-disabled:cursor-not-allowed [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      variant: {
        primary: "bg-accent-solid text-on-solid not-aria-disabled:hover:bg-accent-solid-hover aria-disabled:opacity-60",
        secondary: "border border-line bg-raised text-ink not-aria-disabled:hover:bg-hover aria-disabled:text-muted",
        ghost: "text-muted not-aria-disabled:hover:bg-hover not-aria-disabled:hover:text-ink",
        danger:
          "bg-danger-solid text-on-solid not-aria-disabled:hover:bg-danger-solid-hover aria-disabled:bg-hover aria-disabled:text-muted",
        "danger-outline":
          "border border-line bg-raised text-danger not-aria-disabled:hover:border-danger not-aria-disabled:hover:bg-danger-soft aria-disabled:text-muted",
      },
      size: {
        sm: "h-7 px-2 text-sm pointer-coarse:h-9",
        md: "h-8 px-3 text-base pointer-coarse:h-10",
        icon: "size-7 pointer-coarse:size-9",
      },
    },
    defaultVariants: { variant: "secondary", size: "md" },
  },
);

export type ButtonProps = Omit<ComponentProps<"button">, "disabled"> &
  VariantProps<typeof buttonStyle> & {
    /** The act is under way: the button keeps its place and focus, and does nothing. */
    pending?: boolean;
    /** Why it cannot be pressed now; it stays in the tab order and says so. `true` when the reason stands beside it. */
    disabled?: string | boolean | undefined;
  };

/**
 * A button. It is never taken out of the tab order: disabled or pending it stays where it is, is announced as such, and
 * ignores presses; a reason is shown on hover and focus.
 */
export function Button({
  variant,
  size,
  className,
  pending = false,
  disabled = false,
  type = "button",
  onClick,
  children,
  ...rest
}: ButtonProps) {
  const inert = pending || disabled !== false;
  const button = (describedBy?: string) => (
    <button
      {...rest}
      {...(describedBy === undefined ? {} : { "aria-describedby": describedBy })}
      type={inert ? "button" : type}
      className={buttonStyle({ variant, size, className })}
      aria-disabled={inert || undefined}
      aria-busy={pending || undefined}
      onClick={inert ? undefined : onClick}
    >
      {pending ? <LoaderCircle aria-hidden className="animate-spin" /> : null}
      {children}
    </button>
  );
  return typeof disabled === "string" ? <Tooltip content={disabled}>{button}</Tooltip> : button();
}
