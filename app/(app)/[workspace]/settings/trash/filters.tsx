"use client";

import { ChevronDown } from "lucide-react";
import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useTransition } from "react";
import { escapeName } from "@/app/_ui/exact-name";
import { Input } from "@/app/_ui/input";
import { Select } from "@/app/_ui/select";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import type { TrashChoices } from "@/lib/domain/trash";
import { DAYS_LEFT, fieldsOf, ORDERS, parseTrashQuery, trashHref, TYPE_WORDS, type TrashQuery } from "./view-query";

/** After the last key. */
const PAUSE_MS = 250;
/** A date is typed part by part. */
const DATE_PAUSE_MS = 700;

/**
 * What to show of Trash. The address keeps it; without scripts the form sends it. On a phone the rarer filters are behind
 * a switch, which is the browser's own.
 */
export function TrashFilters({
  workspaceSlug,
  query,
  choices,
}: {
  workspaceSlug: string;
  query: TrashQuery;
  choices: TrashChoices;
}) {
  const t = useTranslations("trash.filters");
  const types = useTranslations("trash.types");
  const deletedUser = useTranslations("trash");
  const router = useRouter();
  const [pending, startTransition] = useTransition();
  const form = useRef<HTMLFormElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const fields = fieldsOf(query);
  const rare = [fields.project, fields.by, fields.left, fields.from, fields.to].filter((value) => value !== "").length;

  // A link, or the browser's Back, has led elsewhere: the fields follow, but not while somebody types.
  const shown = JSON.stringify(fields);
  useEffect(() => {
    for (const [name, value] of Object.entries(JSON.parse(shown) as Record<string, string>)) {
      const field = form.current?.elements.namedItem(name);
      if (field instanceof HTMLSelectElement || (field instanceof HTMLInputElement && field !== document.activeElement))
        field.value = value;
    }
  }, [shown]);
  useEffect(() => () => clearTimeout(timer.current), []);

  function apply(): void {
    clearTimeout(timer.current);
    if (!form.current) return;
    const given = Object.fromEntries([...new FormData(form.current)].map(([name, value]) => [name, String(value)]));
    startTransition(() => router.replace(trashHref(workspaceSlug, parseTrashQuery(given)), { scroll: false }));
  }
  function applyAfter(ms: number): void {
    clearTimeout(timer.current);
    timer.current = setTimeout(apply, ms);
  }

  const { projects, deleters } = choices;
  return (
    <form
      ref={form}
      role="search"
      aria-label={t("label")}
      aria-busy={pending}
      method="get"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
      className="group/form flex flex-wrap items-center gap-2"
    >
      <Input
        type="search"
        name="q"
        defaultValue={fields.q}
        maxLength={200}
        aria-label={t("search")}
        placeholder={t("search")}
        className="min-w-0 grow basis-48 sm:max-w-80"
        onChange={() => applyAfter(PAUSE_MS)}
      />
      <Select name="type" aria-label={t("type")} defaultValue={fields.type} onChange={apply}>
        <option value="">{t("allTypes")}</option>
        {ITEM_TYPES.map((each) => (
          <option key={each} value={TYPE_WORDS[each]}>
            {types(each)}
          </option>
        ))}
      </Select>
      <Select name="order" aria-label={t("order")} defaultValue={fields.order} onChange={apply}>
        {ORDERS.map((order) => (
          <option key={order} value={order === "newest" ? "" : order}>
            {t(`orders.${order}`)}
          </option>
        ))}
      </Select>
      <label className="inline-flex h-8 cursor-pointer items-center gap-1 rounded-md px-2 text-sm font-medium text-muted select-none hover:bg-hover hover:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent pointer-coarse:h-10 sm:hidden">
        <input type="checkbox" defaultChecked={rare > 0} data-rare className="peer sr-only" />
        {t("rare", { count: rare })}
        <ChevronDown aria-hidden className="size-4 peer-checked:rotate-180" />
      </label>
      <div className="hidden w-full flex-wrap items-center gap-2 group-has-[[data-rare]:checked]/form:flex sm:flex">
        <Select
          name="project"
          aria-label={t("project")}
          defaultValue={fields.project}
          onChange={apply}
          className="sm:max-w-56"
        >
          <option value="">{t("allProjects")}</option>
          {fields.project === "" || projects.some(({ slug }) => slug === fields.project) ? null : (
            <option value={fields.project}>{fields.project}</option>
          )}
          {projects.map(({ slug, name }) => (
            <option key={slug} value={slug}>
              {escapeName(name)}
            </option>
          ))}
        </Select>
        <Select name="by" aria-label={t("deletedBy")} defaultValue={fields.by} onChange={apply} className="sm:max-w-56">
          <option value="">{t("anybody")}</option>
          {fields.by === "" || deleters.some(({ id }) => id === fields.by) ? null : (
            <option value={fields.by}>{deletedUser("deletedUser", { id: fields.by })}</option>
          )}
          {deleters.map(({ id, name }) => (
            <option key={id} value={id}>
              {name ?? deletedUser("deletedUser", { id })}
            </option>
          ))}
        </Select>
        <Select name="left" aria-label={t("daysLeft")} defaultValue={fields.left} onChange={apply}>
          <option value="">{t("anyDaysLeft")}</option>
          {DAYS_LEFT.map((days) => (
            <option key={days} value={days}>
              {t("atMost", { count: days })}
            </option>
          ))}
        </Select>
        {(["from", "to"] as const).map((name) => (
          <label
            key={name}
            className="inline-flex max-w-full items-center gap-1.5 text-sm whitespace-nowrap text-muted"
          >
            {t(name)}
            <Input
              type="date"
              name={name}
              defaultValue={fields[name]}
              className="w-36 max-w-full"
              onChange={() => applyAfter(DATE_PAUSE_MS)}
            />
          </label>
        ))}
      </div>
      <noscript>
        <button type="submit">{t("apply")}</button>
      </noscript>
    </form>
  );
}
