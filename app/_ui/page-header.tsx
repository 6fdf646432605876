import type { ReactNode } from "react";
import { Breadcrumbs } from "./breadcrumbs";

/** The head of every page: where one is, its one h1, what there is to do. */
export function PageHeader({
  breadcrumbs,
  title,
  meta,
  actions,
}: {
  breadcrumbs: readonly { label: string; href?: string }[];
  title: ReactNode;
  meta?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <header className="grid gap-3">
      <Breadcrumbs items={breadcrumbs} />
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
        <div className="grid min-w-0 gap-0.5">
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
          {meta ? <div className="text-sm text-muted">{meta}</div> : null}
        </div>
        {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
      </div>
    </header>
  );
}
