import { cookies, headers } from "next/headers";
import { isLocale, type Locale, LOCALES, setLocale } from "@/lib/domain/people";
import { currentContext } from "./session";

/* How a person wants the app: kept in cookies, the language also with their account. */

const LOCALE_COOKIE = "locale";
/** Written by the browser (app/_ui/remember.tsx), so that the server renders the right times at once. */
export const TIME_ZONE_COOKIE = "time-zone";
/** Written by the browser, "light" or "dark"; without it, the system decides. */
export const THEME_COOKIE = "theme";
/** Written by the browser: the slug of the workspace last looked at. */
export const WORKSPACE_COOKIE = "workspace";

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** The language of this request: the person's, else the browser's choice from before, else what the browser asks for. */
export async function readLocale(): Promise<Locale> {
  // Without a database, pages must still be able to say so in somebody's language.
  const ctx = await currentContext().catch(() => null);
  if (ctx?.locale) return ctx.locale;
  const chosen = (await cookies()).get(LOCALE_COOKIE)?.value;
  return isLocale(chosen) ? chosen : negotiateLocale((await headers()).get("accept-language"));
}

/** The first of our languages by the browser's order of preference; English when it names none of them. */
export function negotiateLocale(acceptLanguage: string | null): Locale {
  const wanted = (acceptLanguage ?? "")
    .split(",")
    .map((part) => {
      const [tag = "", ...parameters] = part.trim().toLowerCase().split(";");
      const quality = parameters.map((p) => /^\s*q=([\d.]+)$/.exec(p)?.[1]).find((q) => q !== undefined);
      return { language: tag.split("-")[0], quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return (
    wanted
      .map(({ language }) => LOCALES.find((locale) => locale === language))
      .find((locale) => locale !== undefined) ?? "en"
  );
}

/** Keeps a language in this browser and, of somebody signed in, with their account; nothing for one that we lack. For actions only. */
export async function chooseLocale(locale: unknown): Promise<void> {
  if (!isLocale(locale)) return;
  const ctx = await currentContext();
  if (ctx) await setLocale(ctx, locale);
  (await cookies()).set(LOCALE_COOKIE, locale, { path: "/", sameSite: "lax", maxAge: YEAR_SECONDS });
}

/** The zone in which times are first rendered; UTC until the browser has said its own. */
export async function readTimeZone(): Promise<string> {
  const zone = (await cookies()).get(TIME_ZONE_COOKIE)?.value ?? "UTC";
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}

export async function readTheme(): Promise<"light" | "dark" | "system"> {
  const theme = (await cookies()).get(THEME_COOKIE)?.value;
  return theme === "light" || theme === "dark" ? theme : "system";
}

/** The slug of the workspace last looked at in this browser, whether or not one may still enter it. */
export async function readLastWorkspace(): Promise<string | null> {
  return (await cookies()).get(WORKSPACE_COOKIE)?.value ?? null;
}
