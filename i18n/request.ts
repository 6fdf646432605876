import { getRequestConfig } from "next-intl/server";
import { readLocale, readTimeZone } from "@/lib/doors/preferences";
import { currentContext } from "@/lib/doors/session";
import en from "@/messages/en.json";
import ja from "@/messages/ja.json";

const MESSAGES = { en, ja };

/** Language, messages, time zone and instant of a request. URLs carry no language: links are the same for everybody. */
export default getRequestConfig(async () => {
  const [locale, timeZone, ctx] = await Promise.all([readLocale(), readTimeZone(), currentContext().catch(() => null)]);
  return { locale, timeZone, now: ctx?.now ?? new Date(), messages: MESSAGES[locale] };
});

declare module "next-intl" {
  interface AppConfig {
    Locale: keyof typeof MESSAGES;
    Messages: typeof en;
  }
}
