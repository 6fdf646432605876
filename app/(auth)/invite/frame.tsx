import type { ReactNode } from "react";
import { LanguageSelect } from "@/app/(app)/_shell/language-select";
import { ThemeSelect } from "@/app/(app)/_shell/theme-select";
import { ClientMessages } from "@/app/_ui/client-messages";
import { Mark } from "@/app/_ui/mark";
import { readTheme, THEME_COOKIE } from "@/lib/doors/preferences";

/** What stands around a one-time link's page: the same as around sign-in, to which it leads. */
export async function Frame({ title, children }: { title: string; children: ReactNode }) {
  const theme = await readTheme();
  return (
    <div className="grid min-h-dvh grid-rows-[1fr_auto]">
      <main id="main" tabIndex={-1} className="mx-auto grid w-full max-w-[22rem] content-center gap-6 px-4 py-12">
        <div className="grid gap-4">
          <Mark className="size-8" />
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        </div>
        {children}
      </main>
      <footer className="flex justify-center gap-1 p-4">
        <ClientMessages namespaces={["shell"]}>
          <LanguageSelect />
          <ThemeSelect theme={theme} cookie={THEME_COOKIE} />
        </ClientMessages>
      </footer>
    </div>
  );
}
