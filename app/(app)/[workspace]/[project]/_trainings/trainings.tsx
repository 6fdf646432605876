"use client";

import { useTranslations } from "next-intl";
import { useEffect, useRef } from "react";
import { toast } from "@/app/_ui/toast";
import { useLive } from "@/app/_ui/use-live";
import type { VersionRef } from "@/lib/domain/item-state";
import { FocusOnArrival } from "../../_deleting/arrival";
import { LIVE_RUNS, type Run } from "./live-runs";
import { RunItem } from "./run-item";

interface Props {
  /** Those not in Trash, oldest first. */
  trainings: readonly Run[];
  version: VersionRef;
  may: { train: boolean; delete: boolean };
}

/** The trainings of a version that are not in Trash, newest first; what is under way moves by itself. */
export function Trainings({ trainings, version, may }: Props) {
  const t = useTranslations("versions.trainings");
  const { live: runs, reachable } = useLive<readonly Run[]>(
    `/data/${version.workspaceSlug}/${version.projectSlug}/${version.number}/trainings`,
    trainings,
    LIVE_RUNS,
  );
  useAnnounceEnds(runs);
  return (
    <>
      <FocusOnArrival item="TRAINING" target="trainings" shows={trainings.map(({ id }) => id).join()} />
      {runs.length === 0 ? (
        <p className="text-muted">{t("none")}</p>
      ) : (
        <ul aria-label={t("title")} className="divide-y divide-line rounded-lg border border-line">
          {runs.toReversed().map((run) => (
            <RunItem key={run.id} run={run} version={version} may={may} />
          ))}
        </ul>
      )}
      <p role="status" className="text-sm text-warn empty:hidden">
        {reachable ? null : t("stale")}
      </p>
    </>
  );
}

/** Says when a training that was under way is over, while somebody looks at the page; who cancels one knows. */
function useAnnounceEnds(runs: readonly Run[]): void {
  const t = useTranslations("versions.trainings");
  const open = useRef(new Set<string>());
  useEffect(() => {
    for (const { id, number, status } of runs) {
      if (status === "QUEUED" || status === "RUNNING") open.current.add(id);
      else if (open.current.delete(id) && status !== "CANCELLED")
        toast(t(`ended.${status}`, { name: t("name", { number: String(number) }) }));
    }
  }, [runs, t]);
}
