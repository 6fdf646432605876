"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useTransition } from "react";
import { Input } from "@/app/_ui/input";
import { Select } from "@/app/_ui/select";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import { parseReceiptView, receiptQuery, TYPE_WORDS, type ReceiptView } from "@/lib/doors/receipts/view";

/** After the last key. */
const PAUSE_MS = 250;

/** Which receipts to show. The address keeps it; without scripts the form sends it. */
export function ReceiptFilters({ path, view }: { path: string; view: ReceiptView }) {
  const t = useTranslations("receipts");
  const router = useRouter();
  const [pending, startTransition] = useTransition();
  const form = useRef<HTMLFormElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { search, state = "", from, to } = view;
  const type = view.type ? TYPE_WORDS[view.type] : "";

  // A link, or the browser's Back, has led elsewhere: the fields follow, but not while somebody types.
  useEffect(() => {
    const fields = form.current?.elements;
    for (const [name, value] of Object.entries({ q: search, type, state, from, to })) {
      const field = fields?.namedItem(name);
      if (field instanceof HTMLSelectElement || (field instanceof HTMLInputElement && field !== document.activeElement))
        field.value = value;
    }
  }, [search, type, state, from, to]);
  useEffect(() => () => clearTimeout(timer.current), []);

  function apply(): void {
    clearTimeout(timer.current);
    if (!form.current) return;
    const fields = Object.fromEntries([...new FormData(form.current)].map(([name, value]) => [name, String(value)]));
    startTransition(() => router.replace(`${path}${receiptQuery(parseReceiptView(fields))}`, { scroll: false }));
  }

  function applySoon(): void {
    clearTimeout(timer.current);
    timer.current = setTimeout(apply, PAUSE_MS);
  }

  return (
    <form
      ref={form}
      role="search"
      aria-label={t("filters.label")}
      aria-busy={pending}
      method="get"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
      className="flex flex-wrap items-center gap-2"
    >
      <Input
        type="search"
        name="q"
        defaultValue={search}
        maxLength={200}
        aria-label={t("filters.search")}
        placeholder={t("filters.search")}
        className="min-w-0 grow basis-48 sm:max-w-72"
        onChange={applySoon}
      />
      <Select name="type" aria-label={t("filters.type")} defaultValue={type} onChange={apply}>
        <option value="">{t("filters.allTypes")}</option>
        {ITEM_TYPES.map((each) => (
          <option key={each} value={TYPE_WORDS[each]}>
            {t(`types.${each}`)}
          </option>
        ))}
      </Select>
      <Select name="state" aria-label={t("filters.state")} defaultValue={state} onChange={apply}>
        <option value="">{t("filters.allStates")}</option>
        <option value="verified">{t("filters.verified")}</option>
        <option value="waiting">{t("filters.waiting")}</option>
      </Select>
      {(["from", "to"] as const).map((name) => (
        <label key={name} className="flex items-center gap-1.5 text-sm whitespace-nowrap text-muted">
          {t(`filters.${name}`)}
          <Input type="date" name={name} defaultValue={view[name]} className="w-auto" onChange={applySoon} />
        </label>
      ))}
      <noscript>
        <button type="submit">{t("filters.apply")}</button>
      </noscript>
    </form>
  );
}
