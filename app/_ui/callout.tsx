import { cva, type VariantProps } from "class-variance-authority";
import { CircleAlert, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

const style = cva(
  "flex items-start gap-2.5 rounded-lg border px-3 py-2.5 [&>svg]:mt-0.5 [&>svg]:size-4 [&>svg]:shrink-0",
  {
    variants: {
      tone: {
        info: "border-line bg-panel [&>svg]:text-muted",
        warn: "border-warn/30 bg-warn-soft [&>svg]:text-warn",
        danger: "border-danger/30 bg-danger-soft [&>svg]:text-danger",
      },
    },
    defaultVariants: { tone: "info" },
  },
);

const ICONS = { info: Info, warn: TriangleAlert, danger: CircleAlert };

/** Something to know before going on. `announce` when it appears after an act: screen readers then say it at once. */
export function Callout({
  tone = "info",
  announce = false,
  children,
  action,
}: {
  tone?: NonNullable<VariantProps<typeof style>["tone"]>;
  announce?: boolean;
  children: ReactNode;
  action?: ReactNode;
}) {
  const Icon = ICONS[tone];
  return (
    <div role={announce ? "alert" : undefined} className={style({ tone })}>
      <Icon aria-hidden />
      <div className="min-w-0 grow">{children}</div>
      {action}
    </div>
  );
}
