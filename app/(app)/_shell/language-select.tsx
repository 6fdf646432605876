"use client";

import { useLocale, useTranslations } from "next-intl";
import { useTransition } from "react";
import { Select } from "@/app/_ui/select";
import { toastError } from "@/app/_ui/toast";
import { chooseLocaleAction } from "./actions";

const LOCALES = ["en", "ja"] as const;

/** The app's language, each named in its own. */
export function LanguageSelect() {
  const t = useTranslations("shell");
  const common = useTranslations("common");
  const [pending, startTransition] = useTransition();
  return (
    <Select
      quiet
      aria-label={t("language")}
      aria-busy={pending}
      value={useLocale()}
      onChange={({ target }) =>
        startTransition(() => chooseLocaleAction(target.value).catch(() => toastError(common("unknown"))))
      }
    >
      {LOCALES.map((locale) => (
        <option key={locale} value={locale} lang={locale}>
          {t(`languages.${locale}`)}
        </option>
      ))}
    </Select>
  );
}
