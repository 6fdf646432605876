import { useTranslations } from "next-intl";
import { Count } from "@/app/_ui/number";

const SHOWN = 12;

/** How many images each class has: by number, then, behind a button, the rest. Where an image has one class, `total` are all images; where it may have several, null. */
export function ClassBalance({ classes, total }: { classes: Record<string, number>; total: number | null }) {
  const t = useTranslations("versions");
  const sorted = Object.entries(classes).sort(([a, m], [b, n]) => n - m || a.localeCompare(b, "en", { numeric: true }));
  const labelled = sorted.reduce((sum, [, count]) => sum + count, 0);
  const most = sorted[0]?.[1] ?? 0;
  if (sorted.length === 0) return <p className="text-muted">{t("noClasses")}</p>;
  return (
    <div className="grid gap-2">
      <Bars entries={sorted.slice(0, SHOWN)} most={most} />
      {sorted.length > SHOWN ? (
        <details>
          <summary className="w-fit cursor-pointer rounded-sm text-sm text-accent">
            {t("moreClasses", { count: sorted.length - SHOWN })}
          </summary>
          <div className="mt-2">
            <Bars entries={sorted.slice(SHOWN)} most={most} />
          </div>
        </details>
      ) : null}
      {total !== null && labelled < total ? (
        <p className="text-sm text-muted">{t("withoutClass", { count: total - labelled })}</p>
      ) : null}
    </div>
  );
}

function Bars({ entries, most }: { entries: readonly [string, number][]; most: number }) {
  const longest = entries.reduce((most, [name]) => Math.max(most, name.length), 2);
  const gridTemplateColumns = `${Math.min(longest, 12)}ch minmax(0,1fr) auto`;
  return (
    <ul className="grid gap-x-8 gap-y-1 text-sm sm:grid-cols-2">
      {entries.map(([name, count]) => (
        <li key={name} className="grid items-center gap-2.5" style={{ gridTemplateColumns }}>
          <bdi title={name} className="truncate">
            {name}
          </bdi>
          <span aria-hidden className="h-1.5 overflow-hidden rounded-full bg-hover">
            <span className="block h-full rounded-full bg-train" style={{ width: `${(count / most) * 100}%` }} />
          </span>
          <span className="min-w-9 text-right text-muted">
            <Count value={count} />
          </span>
        </li>
      ))}
    </ul>
  );
}
