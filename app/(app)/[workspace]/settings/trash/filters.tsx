"use client";

import { ChevronDown } from "lucide-react";
import { useTranslations } from "next-intl";
import { escapeName } from "@/app/_ui/exact-name";
import { FilterForm } from "@/app/_ui/filter-form";
import { Input } from "@/app/_ui/input";
import { Select } from "@/app/_ui/select";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import type { TrashChoices } from "@/lib/domain/trash";
import { DAYS_LEFT, fieldsOf, ORDERS, trashHref, TYPE_WORDS, type TrashQuery } from "./view-query";

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
  const fields = fieldsOf(query);
  const rare = [fields.project, fields.by, fields.left, fields.from, fields.to].filter((value) => value !== "").length;
  const { projects, deleters } = choices;
  return (
    <FilterForm
      label={t("label")}
      path={trashHref(workspaceSlug)}
      values={fields}
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
      />
      <Select name="type" aria-label={t("type")} defaultValue={fields.type}>
        <option value="">{t("allTypes")}</option>
        {ITEM_TYPES.map((each) => (
          <option key={each} value={TYPE_WORDS[each]}>
            {types(each)}
          </option>
        ))}
      </Select>
      <Select name="order" aria-label={t("order")} defaultValue={fields.order}>
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
        <Select name="project" aria-label={t("project")} defaultValue={fields.project} className="sm:max-w-56">
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
        <Select name="by" aria-label={t("deletedBy")} defaultValue={fields.by} className="sm:max-w-56">
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
        <Select name="left" aria-label={t("daysLeft")} defaultValue={fields.left}>
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
            <Input type="date" name={name} defaultValue={fields[name]} className="w-36 max-w-full" />
          </label>
        ))}
      </div>
      <noscript>
        <button type="submit">{t("apply")}</button>
      </noscript>
    </FilterForm>
  );
}
