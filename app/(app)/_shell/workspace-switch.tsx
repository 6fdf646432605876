import { Check, ChevronsUpDown } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";

interface Choice {
  slug: string;
  name: string;
}

/** The workspace one is in, and a way to the others that one may enter. */
export function WorkspaceSwitch({ current, workspaces }: { current: Choice; workspaces: readonly Choice[] }) {
  const t = useTranslations("shell");
  if (workspaces.length < 2) return <p className="truncate px-2 py-1.5 font-semibold">{current.name}</p>;
  return (
    <>
      <button
        type="button"
        popoverTarget="workspaces"
        aria-label={t("workspace", { name: current.name })}
        className="flex h-9 w-full min-w-0 items-center gap-2 rounded-md px-2 text-left hover:bg-hover"
      >
        <span className="min-w-0 grow truncate font-semibold">{current.name}</span>
        <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-muted" />
      </button>
      <nav
        id="workspaces"
        popover="auto"
        aria-label={t("workspaces")}
        className="fixed top-12 left-2 m-0 max-h-[70dvh] w-64 overflow-y-auto rounded-lg border border-line bg-raised p-1 text-ink shadow-raised"
      >
        <ul>
          {workspaces.map(({ slug, name }) => (
            <li key={slug}>
              <Link
                href={`/${slug}`}
                prefetch={false}
                aria-current={slug === current.slug ? "true" : undefined}
                className="flex items-center gap-2 rounded-sm px-2 py-1.5 -outline-offset-2 hover:bg-hover pointer-coarse:py-2.5"
              >
                <span className="min-w-0 grow truncate">{name}</span>
                {slug === current.slug ? <Check aria-hidden className="size-4 text-accent" /> : null}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
    </>
  );
}
