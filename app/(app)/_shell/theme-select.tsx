"use client";

import { useTranslations } from "next-intl";
import { useState } from "react";
import { writeCookie } from "@/app/_ui/remember";
import { Select } from "@/app/_ui/select";

const THEMES = ["light", "dark", "system"] as const;

/** Light, dark, or as the system has it; at once, and kept in this browser. */
export function ThemeSelect({ theme: kept, cookie }: { theme: (typeof THEMES)[number]; cookie: string }) {
  const t = useTranslations("shell");
  const [theme, setTheme] = useState<string>(kept);

  function choose(value: string): void {
    document.documentElement.dataset["theme"] = value;
    writeCookie(cookie, value);
    setTheme(value);
  }

  return (
    <Select quiet aria-label={t("theme")} value={theme} onChange={({ target }) => choose(target.value)}>
      {THEMES.map((value) => (
        <option key={value} value={value}>
          {t(`themes.${value}`)}
        </option>
      ))}
    </Select>
  );
}
