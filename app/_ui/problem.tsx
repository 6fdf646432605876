import type { ReactNode } from "react";

/** A page that is not what was asked for: what is the matter, and the way on. Also fits inside the shell. */
export function Problem({ title, children, actions }: { title: ReactNode; children: ReactNode; actions?: ReactNode }) {
  return (
    <div className="mx-auto grid max-w-md gap-2 px-4 py-24">
      <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
      <div className="text-muted">{children}</div>
      {actions ? <div className="mt-3 flex flex-wrap gap-2">{actions}</div> : null}
    </div>
  );
}
