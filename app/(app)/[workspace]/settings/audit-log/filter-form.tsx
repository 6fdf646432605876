"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useTransition, type ReactNode } from "react";

/** After the last key. */
const PAUSE_MS = 500;

/**
 * What to show of the log, sent as soon as something is chosen. The address keeps it; without scripts the form sends it.
 * `values` are the fields as the address has them, by their names.
 */
export function FilterForm({
  label,
  path,
  values,
  children,
}: {
  label: string;
  path: string;
  values: Readonly<Record<string, string>>;
  children: ReactNode;
}) {
  const router = useRouter();
  const [pending, startTransition] = useTransition();
  const form = useRef<HTMLFormElement>(null);

  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  // A link, or the browser's Back, has led elsewhere: the fields follow, but not while somebody types.
  useEffect(() => {
    for (const field of form.current?.elements ?? [])
      if (field instanceof HTMLSelectElement || (field instanceof HTMLInputElement && field !== document.activeElement))
        field.value = values[field.name] ?? "";
  }, [values]);
  useEffect(() => () => clearTimeout(timer.current), []);

  function apply(): void {
    clearTimeout(timer.current);
    if (!form.current) return;
    const given = [...new FormData(form.current)].filter((entry): entry is [string, string] => entry[1] !== "");
    const search = new URLSearchParams(given);
    startTransition(() => router.replace(search.size > 0 ? `${path}?${search.toString()}` : path, { scroll: false }));
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
        timer.current = setTimeout(apply, target instanceof HTMLInputElement ? PAUSE_MS : 0); // a year is typed digit by digit
      }}
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
      className="flex flex-wrap items-end gap-x-2 gap-y-3"
    >
      {children}
    </form>
  );
}
