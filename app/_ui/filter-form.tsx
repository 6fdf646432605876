"use client";

import { useRouter } from "next/navigation";
import { useEffect, useLayoutEffect, useRef, useTransition, type ReactNode } from "react";

/** After the last key, and while a date is typed part by part. */
const PAUSE_MS = 250;
const DATE_PAUSE_MS = 700;

/**
 * What a page shows, sent as soon as something is chosen. The address keeps it; without scripts the form sends it. A place
 * to read on from is not among the fields, so that what is changed begins anew.
 * `values` are the fields as the address has them, by their names and in its order; "" or none is left out of it.
 */
export function FilterForm({
  label,
  path,
  values,
  className,
  children,
}: {
  label: string;
  path: string;
  values: Readonly<Record<string, string | undefined>>;
  className: string;
  children: ReactNode;
}) {
  const router = useRouter();
  const [pending, startTransition] = useTransition();
  const form = useRef<HTMLFormElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  /*
   * A link, or the browser's Back, has led elsewhere: the fields follow, but not while somebody types, and not what was
   * asked for before a choice that is still under way. Before the page can be used, or the next choice would be lost.
   */
  const shown = JSON.stringify(values);
  useLayoutEffect(() => {
    if (pending) return;
    const fields = JSON.parse(shown) as Record<string, string>;
    for (const field of form.current?.elements ?? [])
      if (field instanceof HTMLSelectElement || (isText(field) && field !== document.activeElement))
        field.value = fields[field.name] ?? "";
  }, [shown, pending]);
  useEffect(() => () => clearTimeout(timer.current), []);

  function apply(): void {
    clearTimeout(timer.current);
    if (!form.current) return;
    const given = Object.fromEntries([...new FormData(form.current)].map(([name, value]) => [name, String(value)]));
    const names = new Set([...Object.keys(values), ...Object.keys(given)]);
    const search = new URLSearchParams([...names].flatMap((name) => (given[name] ? [[name, given[name]]] : [])));
    startTransition(() => router.replace(search.size > 0 ? `${path}?${search}` : path, { scroll: false }));
  }

  return (
    <form
      ref={form}
      role="search"
      aria-label={label}
      aria-busy={pending}
      method="get"
      onChange={({ target }) => {
        clearTimeout(timer.current);
        if (target instanceof HTMLSelectElement) apply();
        else if (isText(target)) timer.current = setTimeout(apply, target.type === "date" ? DATE_PAUSE_MS : PAUSE_MS);
      }}
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
      className={className}
    >
      {children}
    </form>
  );
}

const isText = (field: unknown): field is HTMLInputElement =>
  field instanceof HTMLInputElement && (field.type === "search" || field.type === "date");
