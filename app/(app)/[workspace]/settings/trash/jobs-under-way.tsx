import { getTranslations } from "next-intl/server";
import { Callout } from "@/app/_ui/callout";
import { TextLink } from "@/app/_ui/text-link";
import type { TrashJob } from "@/lib/domain/trash";
import { activityHref } from "./activity-href";
import { jobResult, jobTitle } from "./activity/job-words";

/** What somebody has asked of many items and is not over yet, so that nobody wonders why the list moves. */
export async function JobsUnderWay({ workspaceSlug, jobs }: { workspaceSlug: string; jobs: readonly TrashJob[] }) {
  const t = await getTranslations("trash");
  return jobs.map((job) => (
    <Callout key={job.id} action={<TextLink href={activityHref(workspaceSlug, job.id)}>{t("activity.open")}</TextLink>}>
      <span className="font-medium">{jobTitle(t, job)}</span> <span className="text-muted">{jobResult(t, job)}</span>
    </Callout>
  ));
}
