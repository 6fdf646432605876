"use client";

import { useTranslations } from "next-intl";
import { FilterForm } from "@/app/_ui/filter-form";
import { Input } from "@/app/_ui/input";
import { Select } from "@/app/_ui/select";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import { TYPE_WORDS, type ReceiptView } from "@/lib/doors/receipts/view";

/** Which receipts to show. The address keeps it; without scripts the form sends it. */
export function ReceiptFilters({ path, view }: { path: string; view: ReceiptView }) {
  const t = useTranslations("receipts");
  const { search, state = "", from, to } = view;
  const type = view.type ? TYPE_WORDS[view.type] : "";
  return (
    <FilterForm
      label={t("filters.label")}
      path={path}
      values={{ q: search, type, state, from, to }}
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
      />
      <Select name="type" aria-label={t("filters.type")} defaultValue={type}>
        <option value="">{t("filters.allTypes")}</option>
        {ITEM_TYPES.map((each) => (
          <option key={each} value={TYPE_WORDS[each]}>
            {t(`types.${each}`)}
          </option>
        ))}
      </Select>
      <Select name="state" aria-label={t("filters.state")} defaultValue={state}>
        <option value="">{t("filters.allStates")}</option>
        <option value="verified">{t("filters.verified")}</option>
        <option value="waiting">{t("filters.waiting")}</option>
      </Select>
      {(["from", "to"] as const).map((name) => (
        <label key={name} className="flex items-center gap-1.5 text-sm whitespace-nowrap text-muted">
          {t(`filters.${name}`)}
          <Input type="date" name={name} defaultValue={view[name]} className="w-auto" />
        </label>
      ))}
      <noscript>
        <button type="submit">{t("filters.apply")}</button>
      </noscript>
    </FilterForm>
  );
}
