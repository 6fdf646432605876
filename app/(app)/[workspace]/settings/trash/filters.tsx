"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useTransition } from "react";
import { Input } from "@/app/_ui/input";
import { Select } from "@/app/_ui/select";
import { ITEM_TYPES, type ItemType } from "@/lib/domain/item-types";
import { trashHref, TYPE_WORDS, parseTrashQuery } from "./view-query";

/** After the last key. */
const PAUSE_MS = 250;

/** What to show of Trash. The address keeps it; without scripts the form sends it. */
export function TrashFilters({
  workspaceSlug,
  type,
  order,
  search,
}: {
  workspaceSlug: string;
  type: ItemType | null;
  order: "newest" | "oldest";
  search: string;
}) {
  const t = useTranslations("trash");
  const router = useRouter();
  const [pending, startTransition] = useTransition();
  const form = useRef<HTMLFormElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  // A link, or the browser's Back, has led elsewhere: the fields follow, but not while somebody types.
  useEffect(() => {
    const fields = form.current?.elements;
    for (const [name, value] of [
      ["q", search],
      ["type", type ? TYPE_WORDS[type] : ""],
      ["order", order === "newest" ? "" : order],
    ] as const) {
      const field = fields?.namedItem(name);
      if (field instanceof HTMLSelectElement || (field instanceof HTMLInputElement && field !== document.activeElement))
        field.value = value;
    }
  }, [search, type, order]);
  useEffect(() => () => clearTimeout(timer.current), []);

  function apply(): void {
    clearTimeout(timer.current);
    if (!form.current) return;
    const fields = Object.fromEntries([...new FormData(form.current)].map(([name, value]) => [name, String(value)]));
    startTransition(() => router.replace(trashHref(workspaceSlug, parseTrashQuery(fields)), { scroll: false }));
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
        className="min-w-0 grow basis-48 sm:max-w-80"
        onChange={() => {
          clearTimeout(timer.current);
          timer.current = setTimeout(apply, PAUSE_MS);
        }}
      />
      <Select name="type" aria-label={t("filters.type")} defaultValue={type ? TYPE_WORDS[type] : ""} onChange={apply}>
        <option value="">{t("filters.allTypes")}</option>
        {ITEM_TYPES.map((each) => (
          <option key={each} value={TYPE_WORDS[each]}>
            {t(`types.${each}`)}
          </option>
        ))}
      </Select>
      <Select
        name="order"
        aria-label={t("filters.order")}
        defaultValue={order === "newest" ? "" : order}
        onChange={apply}
      >
        <option value="">{t("filters.newest")}</option>
        <option value="oldest">{t("filters.oldest")}</option>
      </Select>
      <noscript>
        <button type="submit">{t("filters.apply")}</button>
      </noscript>
    </form>
  );
}
