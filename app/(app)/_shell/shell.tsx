import { Menu as MenuIcon } from "lucide-react";
import { getTranslations } from "next-intl/server";
import type { ReactNode } from "react";
import { buttonStyle } from "@/app/_ui/button";
import { ClientMessages } from "@/app/_ui/client-messages";
import { Remember } from "@/app/_ui/remember";
import type { Navigation } from "@/lib/domain/workspaces";
import { WORKSPACE_COOKIE } from "@/lib/doors/preferences";
import { ClosePopovers } from "./close-popovers";
import { Sidebar } from "./sidebar";

/**
 * What stands around every page of a workspace: at the left, or on phones behind a button, the sidebar, as the browser's
 * own popover. Pages bring their own PageHeader with the one h1.
 */
export async function Shell({ navigation, children }: { navigation: Navigation; children: ReactNode }) {
  const { workspace } = navigation;
  const t = await getTranslations("shell");
  return (
    <div className="md:grid md:grid-cols-[15rem_minmax(0,1fr)]">
      <header className="sticky top-0 z-30 flex h-12 items-center gap-2 border-b border-line bg-panel px-2 md:hidden">
        <button
          type="button"
          popoverTarget="sidebar"
          aria-label={t("openNavigation")}
          className={buttonStyle({ variant: "ghost", size: "icon" })}
        >
          <MenuIcon aria-hidden />
        </button>
        <span className="min-w-0 truncate font-semibold">{workspace.name}</span>
      </header>
      <aside
        id="sidebar"
        popover="auto"
        aria-label={t("sidebar")}
        className="fixed inset-y-0 right-auto left-0 m-0 h-dvh max-h-none w-[min(18rem,calc(100vw-3rem))] flex-col border-r border-line bg-panel text-ink backdrop:bg-overlay open:flex md:sticky md:inset-auto md:top-0 md:flex md:w-auto"
      >
        <ClientMessages namespaces={["shell"]}>
          <Sidebar navigation={navigation} />
        </ClientMessages>
      </aside>
      <main id="main" tabIndex={-1} className="mx-auto w-full max-w-[80rem] min-w-0 px-4 py-5 md:px-8 md:py-6">
        {children}
      </main>
      <ClosePopovers />
      <Remember name={WORKSPACE_COOKIE} value={workspace.slug} />
    </div>
  );
}
