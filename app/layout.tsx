import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import { getLocale, getTranslations } from "next-intl/server";
import type { ReactNode } from "react";
import { readTheme, TIME_ZONE_COOKIE } from "@/lib/doors/preferences";
import { publicUrl } from "@/lib/doors/public-url";
import { ClientMessages } from "./_ui/client-messages";
import { RememberTimeZone } from "./_ui/remember";
import { ToastHost } from "./_ui/toast";
import "./globals.css";

/** For people, for the systems that keep the app on a home screen, and for what shows a picture of a link. */
export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations("common");
  const product = t("product");
  return {
    metadataBase: new URL(publicUrl()),
    title: { default: product, template: `%s · ${product}` },
    description: t("tagline"),
    manifest: "/manifest.webmanifest",
    icons: {
      icon: [
        { url: "/favicon.ico", sizes: "32x32" },
        { url: "/icon.svg", type: "image/svg+xml" },
      ],
      apple: "/apple-touch-icon.png",
    },
    openGraph: {
      type: "website",
      siteName: product,
      images: [{ url: "/link-card.png", width: 1200, height: 630, alt: t("tagline") }],
    },
    twitter: { card: "summary_large_image" },
  };
}

/** The bar that a phone draws around the page has the page's own ground. */
const CANVAS = { light: "#ffffff", dark: "#0d0d10" };

export async function generateViewport(): Promise<Viewport> {
  const theme = await readTheme();
  return {
    colorScheme: "light dark",
    themeColor:
      theme === "system"
        ? (["light", "dark"] as const).map((scheme) => ({
            media: `(prefers-color-scheme: ${scheme})`,
            color: CANVAS[scheme],
          }))
        : CANVAS[theme],
  };
}

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
