import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { Bytes, Count } from "@/app/_ui/number";
import type { ProjectUsage } from "@/lib/domain/workspaces";

/** More bars than this tell nothing; the rest are one. */
const SHOWN = 8;

interface Bar {
  key: string;
  /** null: several projects together. */
  name: string | null;
  live: number;
  trash: number;
}

/** What each project holds, live and in Trash, in images and in bytes. For the eye: the table beside it says the same. */
export function UsageChart({ projects }: { projects: readonly ProjectUsage[] }) {
  const t = useTranslations("usage");
  return (
    <div aria-hidden className="grid gap-x-10 gap-y-6 rounded-lg border border-line p-4 sm:grid-cols-2">
      <Bars title={t("chartImages")} bars={listBars(projects, "images")} figure={(value) => <Count value={value} />} />
      <Bars title={t("chartBytes")} bars={listBars(projects, "bytes")} figure={(value) => <Bytes value={value} />} />
    </div>
  );
}

const totalOf = ({ live, trash }: Bar): number => live + trash;

function listBars(projects: readonly ProjectUsage[], unit: "images" | "bytes"): Bar[] {
  const bars = projects
    .map(({ slug, name, live, trash }): Bar => ({ key: slug, name, live: live[unit], trash: trash[unit] }))
    .filter((bar) => totalOf(bar) > 0)
    .sort((a, b) => totalOf(b) - totalOf(a));
  if (bars.length <= SHOWN) return bars;
  const others = bars
    .slice(SHOWN - 1)
    .reduce((sum, { live, trash }): Bar => ({ ...sum, live: sum.live + live, trash: sum.trash + trash }), {
      key: "",
      name: null,
      live: 0,
      trash: 0,
    });
  return [...bars.slice(0, SHOWN - 1), others];
}

function Bars({ title, bars, figure }: { title: string; bars: readonly Bar[]; figure: (value: number) => ReactNode }) {
  const t = useTranslations("usage");
  const most = Math.max(...bars.map(totalOf), 1);
  return (
    <div className="grid content-start gap-3">
      <p className="text-sm font-medium">{title}</p>
      {bars.length === 0 ? <p className="text-sm text-muted">{t("nothing")}</p> : null}
      {bars.map((bar) => (
        <div key={bar.key} className="grid gap-1 text-sm">
          <div className="flex items-baseline justify-between gap-3">
            <bdi className="truncate">{bar.name ?? t("others")}</bdi>
            <span className="shrink-0 text-muted">{figure(totalOf(bar))}</span>
          </div>
          <div className="flex h-2 gap-0.5 overflow-hidden rounded-full bg-hover">
            {bar.live > 0 ? (
              <span className="bg-train" style={{ width: `${(bar.live / most) * 100}%`, minWidth: 2 }} />
            ) : null}
            {bar.trash > 0 ? (
              <span className="bg-test" style={{ width: `${(bar.trash / most) * 100}%`, minWidth: 2 }} />
            ) : null}
          </div>
        </div>
      ))}
    </div>
  );
}
