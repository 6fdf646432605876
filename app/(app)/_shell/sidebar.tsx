import { ChartNoAxesColumn, FileCheck2, FolderOpen, KeyRound, ScrollText, Trash2, Users } from "lucide-react";
import { getTranslations } from "next-intl/server";
import { type Navigation, TRASH_COUNT_MAX } from "@/lib/domain/workspaces";
import { readTheme, THEME_COOKIE } from "@/lib/doors/preferences";
import { requireContext } from "@/lib/doors/session";
import { Account } from "./account";
import { LanguageSelect } from "./language-select";
import { NavLink } from "./nav-link";
import { Shortcuts } from "./shortcuts";
import { ThemeSelect } from "./theme-select";
import { WorkspaceSwitch } from "./workspace-switch";

/** Where one can go from anywhere: the workspace, its projects, its settings; at the foot, what is one's own. */
export async function Sidebar({ navigation }: { navigation: Navigation }) {
  const { workspace, projects, trashItems } = navigation;
  const [{ actor, email }, theme, t] = await Promise.all([requireContext(), readTheme(), getTranslations("shell")]);
  const root = `/${workspace.slug}`;
  const more = trashItems > TRASH_COUNT_MAX;
  const settings = [
    { href: `${root}/settings/trash`, label: t("trash"), icon: Trash2, count: trashItems },
    { href: `${root}/settings/receipts`, label: t("receipts"), icon: FileCheck2 },
    { href: `${root}/settings/usage`, label: t("usage"), icon: ChartNoAxesColumn },
    ...(workspace.role === "OWNER" // others would be refused
      ? [
          { href: `${root}/settings/api-keys`, label: t("apiKeys"), icon: KeyRound },
          { href: `${root}/settings/members`, label: t("members"), icon: Users },
          { href: `${root}/settings/audit-log`, label: t("auditLog"), icon: ScrollText },
        ]
      : []),
  ];
  return (
    <div className="flex min-h-0 grow flex-col">
      <div className="p-2">
        <WorkspaceSwitch current={workspace} workspaces={actor.memberships.map(({ slug, name }) => ({ slug, name }))} />
      </div>
      <nav aria-label={t("navigation")} className="grid min-h-0 grow content-start gap-5 overflow-y-auto px-2 py-2">
        <div className="grid gap-px">
          <h2 className="px-2 pb-1 text-xs font-medium text-muted">{t("projects")}</h2>
          <NavLink href={root} exact>
            <FolderOpen aria-hidden />
            {t("allProjects")}
          </NavLink>
          {projects.map(({ slug, name }) => (
            <NavLink key={slug} href={`${root}/${slug}`}>
              <span className="truncate pl-6">{name}</span>
            </NavLink>
          ))}
        </div>
        <div className="grid gap-px">
          <h2 className="px-2 pb-1 text-xs font-medium text-muted">{t("settings")}</h2>
          {settings.map(({ href, label, icon: Icon, count = 0 }) => (
            <NavLink key={href} href={href}>
              <Icon aria-hidden />
              <span className="min-w-0 grow truncate">{label}</span>
              {count > 0 ? (
                <span className="text-xs text-muted">
                  <span aria-hidden>{more ? `${TRASH_COUNT_MAX}+` : count}</span>
                  <span className="sr-only">
                    {more ? t("trashCountMore", { count: TRASH_COUNT_MAX }) : t("trashCount", { count })}
                  </span>
                </span>
              ) : null}
            </NavLink>
          ))}
        </div>
      </nav>
      <div className="grid gap-1 border-t border-line p-2">
        <div className="flex items-center gap-1">
          <LanguageSelect />
          <ThemeSelect theme={theme} cookie={THEME_COOKIE} />
          <span className="grow" />
          <Shortcuts workspaceSlug={workspace.slug} />
        </div>
        <Account name={actor.type === "USER" ? actor.name : ""} email={email} />
      </div>
    </div>
  );
}
