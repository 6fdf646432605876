import { useTranslations } from "next-intl";
import Link from "next/link";

/** The way from the workspace to this page; the last one is the page itself and has no link. */
export function Breadcrumbs({ items }: { items: readonly { label: string; href?: string }[] }) {
  const t = useTranslations("common");
  return (
    <nav aria-label={t("breadcrumbs")}>
      <ol className="flex flex-wrap items-center gap-x-1.5 text-sm text-muted">
        {items.map(({ label, href }, index) => (
          <li key={href ?? label} className="flex min-w-0 items-center gap-1.5">
            {index > 0 ? <span aria-hidden>/</span> : null}
            {href === undefined ? (
              <span aria-current="page" className="truncate text-ink">
                {label}
              </span>
            ) : (
              <Link href={href} prefetch={false} className="truncate rounded-sm hover:text-ink hover:underline">
                {label}
              </Link>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
