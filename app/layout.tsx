import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import { getLocale, getTranslations } from "next-intl/server";
import type { ReactNode } from "react";
import { readTheme, TIME_ZONE_COOKIE } from "@/lib/doors/preferences";
import { ClientMessages } from "./_ui/client-messages";
import { RememberTimeZone } from "./_ui/remember";
import { ToastHost } from "./_ui/toast";
import "./globals.css";

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations("common");
  return { title: { default: t("product"), template: `%s · ${t("product")}` }, description: t("tagline") };
}

export const viewport: Viewport = { colorScheme: "light dark" };

/** Language and theme are known before the first byte: nothing flashes, and no script is needed for it. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const [locale, theme, t] = await Promise.all([getLocale(), readTheme(), getTranslations("common")]);
  return (
    <html lang={locale} data-theme={theme} className={`${GeistSans.variable} ${GeistMono.variable}`}>
      <body>
        <a
          href="#main"
          className="sr-only z-50 rounded-md bg-accent-solid px-3 py-2 text-on-solid focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
        >
          {t("skipToContent")}
        </a>
        <ClientMessages>
          {children}
          <ToastHost />
        </ClientMessages>
        <RememberTimeZone name={TIME_ZONE_COOKIE} />
      </body>
    </html>
  );
}
