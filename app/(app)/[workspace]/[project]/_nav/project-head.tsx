import { getTranslations } from "next-intl/server";
import Link from "next/link";
import type { ReactNode } from "react";
import { Breadcrumbs } from "@/app/_ui/breadcrumbs";
import { cn } from "@/app/_ui/class-names";

const TABS = [
  { name: "versions", path: "" },
  { name: "images", path: "/images" },
  { name: "generate", path: "/generate" },
  { name: "models", path: "/models" },
] as const;

export type ProjectTab = (typeof TABS)[number]["name"];

interface Props {
  workspace: { slug: string; name: string };
  project: { slug: string; name: string };
  /** The tab one is on. */
  tab: ProjectTab;
  /** What lies below the tab's own page, such as a version's number: the breadcrumbs then end with it. */
  below?: string | undefined;
  /** For moving the focus to the heading. */
  headingId?: string;
  /** Buttons at the right. */
  actions?: ReactNode;
  /** Only the breadcrumbs stay in sight on narrow screens. */
  folded?: boolean;
}

/** The head of a project's every page: where one is, its name as the one h1, and the way between its pages. */
export async function ProjectHead({ workspace, project, tab, below, headingId, actions, folded = false }: Props) {
  const t = await getTranslations("projects");
  const home = `/${workspace.slug}/${project.slug}`;
  const trail = [
    { label: workspace.name, href: `/${workspace.slug}` },
    ...(tab === "versions" ? [] : [{ label: project.name, href: home }]),
  ];
  const here = tab === "versions" ? project.name : t(`tabs.${tab}`);
  return (
    <header className="grid gap-3">
      <Breadcrumbs
        items={
          below === undefined ? [...trail, { label: here }] : [...trail, { label: here, href: home }, { label: below }]
        }
      />
      <div className={cn("flex flex-wrap items-start justify-between gap-x-4 gap-y-3", folded && "max-lg:sr-only")}>
        <h1 id={headingId} tabIndex={-1} className="min-w-0 truncate text-xl font-semibold tracking-tight">
          <bdi>{project.name}</bdi>
        </h1>
        {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
      </div>
      <nav
        aria-label={t("tabs.label", { project: project.name })}
        className={cn("border-b border-line", folded && "max-lg:hidden")}
      >
        <ul className="-mb-px flex gap-4">
          {TABS.map(({ name, path }) => (
            <li key={name}>
              <Link
                href={`${home}${path}`}
                prefetch={false}
                aria-current={name === tab ? (below === undefined ? "page" : "true") : undefined}
                className={cn(
                  "flex h-9 items-center rounded-sm border-b-2 px-0.5 -outline-offset-2 transition-colors duration-100 hover:text-ink pointer-coarse:h-11",
                  name === tab ? "border-accent font-medium text-ink" : "border-transparent text-muted",
                )}
              >
                {t(`tabs.${name}`)}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  );
}
