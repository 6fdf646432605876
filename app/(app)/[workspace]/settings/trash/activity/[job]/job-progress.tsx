"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { Progress } from "@/app/_ui/progress";
import { toastError } from "@/app/_ui/toast";
import { useLive, type Following } from "@/app/_ui/use-live";
import type { TrashJob } from "@/lib/domain/trash";
import { cancelTrashJobAction } from "../../actions";
import { jobResult, jobTitle } from "../job-words";

/** Instants come as text over the wire. */
type Live = Pick<TrashJob, "act" | "items" | "done" | "left" | "end" | "cancelledByName" | "mayCancel"> & {
  cancelAskedAt: TrashJob["cancelAskedAt"] | string;
};

const LIVE_JOB: Following<Live> = {
  isOpen: ({ end }) => end === null,
  read: (answer) => answer as Live,
  outdates: ({ end }) => end !== null,
};

/**
 * How far the job is, asked for anew each second while it goes on and somebody looks. It goes on without this page; when it
 * ends the page is fetched anew, for what came of each item.
 */
export function JobProgress({
  workspaceSlug,
  job,
  refusal,
}: {
  workspaceSlug: string;
  job: TrashJob;
  refusal: string | null;
}) {
  const t = useTranslations("trash");
  const common = useTranslations("common");
  const router = useRouter();
  const { live, reachable } = useLive<Live>(`/data/${workspaceSlug}/trash-jobs/${job.id}`, job, LIVE_JOB);
  const [pending, startTransition] = useTransition();
  const open = live.end === null;
  const stopping = open && live.cancelAskedAt !== null;

  function cancel(): void {
    startTransition(async () => {
      const answer = await cancelTrashJobAction({ workspaceSlug, jobId: job.id }).catch(() => null);
      if (!answer?.ok) toastError(answer?.error.message ?? common("unknown"));
      router.refresh();
    });
  }

  return (
    <div className="grid gap-2">
      {open ? <Progress value={(live.done + live.left) / Math.max(live.items, 1)} label={jobTitle(t, live)} /> : null}
      <div className="flex min-h-8 flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <p>{stopping ? t("activity.stopping", { done: live.done, items: live.items }) : jobResult(t, live)}</p>
        {open && live.mayCancel ? (
          <Button size="sm" pending={pending} disabled={stopping} onClick={cancel}>
            {t("activity.cancel")}
          </Button>
        ) : null}
      </div>
      {open ? <p className="text-sm text-muted">{t("activity.goesOn")}</p> : null}
      {refusal ? <Callout tone="warn">{refusal}</Callout> : null}
      <p role="status" className="text-sm text-warn empty:hidden">
        {reachable ? null : t("activity.unreachable")}
      </p>
      <p role="status" className="sr-only">
        {open ? "" : jobResult(t, live)}
      </p>
    </div>
  );
}
