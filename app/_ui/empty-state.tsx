import type { ReactNode } from "react";

/** What a list says when it has nothing to show, and the way on. "Nothing yet" and "nothing matches" are two sentences. */
export function EmptyState({
  title,
  children,
  action,
}: {
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="grid justify-items-center gap-2 rounded-lg border border-dashed border-line px-6 py-14 text-center">
      <p className="font-medium">{title}</p>
      {children ? <div className="max-w-md text-balance text-muted [word-break:auto-phrase]">{children}</div> : null}
      {action ? <div className="mt-3">{action}</div> : null}
    </div>
  );
}
