import { useTranslations } from "next-intl";
import { Badge } from "@/app/_ui/badge";
import { Time } from "@/app/_ui/time";
import type { TrainingView } from "@/lib/domain/versions";

/** The models that this version's trainings left. All of them serve: what does not is in Trash, and not here. */
export function ModelsList({ workspaceSlug, trainings }: { workspaceSlug: string; trainings: readonly TrainingView[] }) {
  const t = useTranslations("versions.models");
  const models = trainings.flatMap(({ modelSlug, number, endedAt }) => (modelSlug === null ? [] : [{ slug: modelSlug, number, endedAt }]));
  if (models.length === 0) return <p className="text-muted">{t("none")}</p>;
  return (
    <ul aria-label={t("title")} className="divide-y divide-line rounded-lg border border-line">
      {models.map(({ slug, number, endedAt }) => (
        <li key={slug} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
          <code className="min-w-0 font-mono text-sm break-all">{`${workspaceSlug}/${slug}`}</code>
          <Badge tone="ok">{t("serving")}</Badge>
          <span className="grow text-right text-sm text-muted">
            {t("from", { number: String(number) })}
            {endedAt ? (
              <>
                {" · "}
                <Time at={endedAt} format="relative" />
              </>
            ) : null}
          </span>
        </li>
      ))}
    </ul>
  );
}
