import { X } from "lucide-react";
import { getFormatter, getTranslations } from "next-intl/server";
import Link from "next/link";
import { escapeName } from "@/app/_ui/exact-name";
import { LinkButton } from "@/app/_ui/link-button";
import type { TrashChoices } from "@/lib/domain/trash";
import { filtersOf, trashHref, type FilterName, type TrashQuery } from "./view-query";

/** What narrows the view, each as a link to the view without it; and one to the view without any. */
export async function ActiveFilters({
  workspaceSlug,
  query,
  choices,
}: {
  workspaceSlug: string;
  query: TrashQuery;
  choices: TrashChoices;
}) {
  const filters = filtersOf(query);
  const [t, format] = [await getTranslations("trash"), await getFormatter()];
  if (filters.length === 0) return null;
  const day = (text: string) =>
    format.dateTime(new Date(`${text}T12:00:00Z`), { dateStyle: "medium", timeZone: "UTC" });

  function told(name: FilterName): string {
    switch (name) {
      case "search":
        return t("active.search", { search: escapeName(query.search) });
      case "type":
        return t(`types.${query.type!}`);
      case "project": {
        const project = choices.projects.find(({ slug }) => slug === query.project);
        return t("active.project", { name: escapeName(project?.name ?? query.project) });
      }
      case "deletedBy": {
        const person = choices.deleters.find(({ id }) => id === query.deletedBy);
        return t("active.deletedBy", { name: person?.name ?? t("deletedUser", { id: query.deletedBy }) });
      }
      case "from":
        return t("active.from", { day: day(query.from) });
      case "to":
        return t("active.to", { day: day(query.to) });
      case "daysLeft":
        return t("filters.atMost", { count: query.daysLeft! });
    }
  }

  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <ul aria-label={t("active.label")} className="contents">
        {filters.map(({ name, without }) => (
          <li key={name} className="min-w-0">
            <Link
              href={trashHref(workspaceSlug, without)}
              prefetch={false}
              scroll={false}
              aria-label={t("active.remove", { filter: told(name) })}
              className="inline-flex h-7 max-w-full items-center gap-1 rounded-md bg-accent-soft pr-1.5 pl-2.5 text-sm text-accent transition-colors duration-100 hover:bg-hover hover:text-ink pointer-coarse:h-9"
            >
              <bdi className="truncate">{told(name)}</bdi>
              <X aria-hidden className="size-3.5 shrink-0" />
            </Link>
          </li>
        ))}
      </ul>
      <LinkButton size="sm" variant="ghost" scroll={false} href={trashHref(workspaceSlug, { order: query.order })}>
        {t("clearFilters")}
      </LinkButton>
    </div>
  );
}
