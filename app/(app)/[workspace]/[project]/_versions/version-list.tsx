import { Box } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { Badge } from "@/app/_ui/badge";
import { cn } from "@/app/_ui/class-names";
import { escapeName } from "@/app/_ui/exact-name";
import { Count } from "@/app/_ui/number";
import { Progress } from "@/app/_ui/progress";
import { TONES } from "@/app/_ui/stacked-bar";
import { Time } from "@/app/_ui/time";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import { SPLIT_NAMES } from "@/lib/domain/splits";
import type { ListedVersion } from "@/lib/domain/versions";
import { ThumbnailStrip } from "./thumbnail-strip";

/** A project's versions, newest first, each a link to itself. */
export function VersionList({
  versions,
  chosen,
  picked,
  project,
  label,
}: {
  versions: readonly ListedVersion[];
  chosen: number;
  picked: boolean;
  project: SluggedProjectRef;
  label: string;
}) {
  const t = useTranslations("versions");
  const current = picked ? "page" : "true";
  return (
    <>
      <h2 className="mb-2 flex items-baseline gap-2 text-sm font-medium text-muted">
        {t("title")}
        <span className="text-faint">
          <Count value={versions.length} />
        </span>
      </h2>
      <ol aria-label={label} className="grid gap-px">
        {versions.map((version) => (
          <li key={version.number}>
            <Link
              href={`/${project.workspaceSlug}/${project.projectSlug}/${version.number}`}
              prefetch={false}
              aria-current={version.number === chosen ? current : undefined}
              className={cn(
                "grid gap-1 rounded-md px-2.5 py-2 -outline-offset-2 max-lg:-mx-2.5 transition-colors duration-100 hover:bg-hover",
                version.number === chosen && "lg:bg-hover lg:shadow-[inset_2px_0_0_var(--color-accent)]",
              )}
            >
              <span className="flex min-w-0 items-baseline gap-2">
                <span className="shrink-0 font-mono text-sm text-muted">
                  {t("number", { number: String(version.number) })}
                </span>
                <bdi className="min-w-0 grow truncate font-medium">{escapeName(version.name)}</bdi>
                {version.hasModel ? (
                  <span className="flex shrink-0 items-center gap-1 self-center text-xs text-ok">
                    <Box aria-hidden className="size-3.5" />
                    {t("model")}
                  </span>
                ) : null}
              </span>
              <ListedFacts version={version} />
              {version.status === "READY" && version.images > 0 ? (
                <ThumbnailStrip version={{ ...project, number: version.number }} />
              ) : null}
            </Link>
          </li>
        ))}
      </ol>
    </>
  );
}

function ListedFacts({ version }: { version: ListedVersion }) {
  const t = useTranslations("versions");
  const common = useTranslations("common");
  const { status, progress, images, splits, createdAt } = version;
  if (status === "GENERATING") {
    return (
      <span className="grid gap-1.5 text-sm text-muted">
        {t(version.imported ? "importingPercent" : "generating", { progress })}
        <Progress
          value={progress}
          label={t(version.imported ? "importing.label" : "generation.label", { name: escapeName(version.name) })}
          className="bg-line"
        />
      </span>
    );
  }
  return (
    <>
      <span className="flex items-baseline justify-between gap-2 text-sm text-muted">
        {status === "FAILED" ? (
          <Badge tone="danger">{t("failed")}</Badge>
        ) : (
          <span>{common("images", { count: images })}</span>
        )}
        <Time at={createdAt} format="relative" />
      </span>
      {status === "READY" && images > 0 ? <SplitBar splits={splits} /> : null}
    </>
  );
}

/** The splits as one thin line; the chosen version says them in numbers. */
function SplitBar({ splits }: { splits: ListedVersion["splits"] }) {
  const t = useTranslations("versions");
  return (
    <span className="mt-0.5 flex h-1 gap-0.5 overflow-hidden rounded-full">
      <span className="sr-only">{t("splitsInWords", splits)}</span>
      {SPLIT_NAMES.map((split) =>
        splits[split] > 0 ? (
          <span key={split} aria-hidden className={TONES[split]} style={{ flexGrow: splits[split], minWidth: 2 }} />
        ) : null,
      )}
    </span>
  );
}
