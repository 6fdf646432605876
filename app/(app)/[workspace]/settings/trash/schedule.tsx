import { getTranslations } from "next-intl/server";
import { cache, type ReactNode } from "react";
import { Callout } from "@/app/_ui/callout";
import { Bytes } from "@/app/_ui/number";
import { Time } from "@/app/_ui/time";
import { getTrashSchedule, type FailedItem, type RunView, type TrashSchedule } from "@/lib/domain/trash";
import { page } from "@/lib/doors/page";

/** Failures told one by one. */
const SHOWN = 5;

/** Once for both of its places on the page. */
const readSchedule = cache((workspaceSlug: string) => page((ctx) => getTrashSchedule(ctx, { workspaceSlug })));

/** The scheduler in sight: when it ran and what it did here, when it comes again and what it will take. */
export async function Schedule({ workspaceSlug }: { workspaceSlug: string }) {
  const schedule = await readSchedule(workspaceSlug);
  const t = await getTranslations("trash.schedule");
  return (
    <section aria-labelledby="schedule" className="@container grid gap-2 rounded-lg border border-line px-4 py-3">
      <h2 id="schedule" className="font-semibold">
        {t("title")}
      </h2>
      <dl className="grid gap-x-8 gap-y-3 @2xl:grid-cols-3">
        <Fact term={t("lastRun")}>
          <LastRun schedule={schedule} />
        </Fact>
        <Fact term={t("nextRun")}>
          {schedule.nextRunAt ? <Time at={schedule.nextRunAt} format="relative" /> : t("nextUnknown")}
        </Fact>
        <Fact term={t("coming")}>
          <Coming schedule={schedule} />
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="grid content-start gap-0.5">
      <dt className="text-muted">{term}</dt>
      <dd className="grid gap-0.5 wrap-anywhere">{children}</dd>
    </div>
  );
}

async function LastRun({ schedule: { lastRun, lastRunHere } }: { schedule: TrashSchedule }) {
  const t = await getTranslations("trash.schedule");
  if (!lastRun) return t("never");
  return (
    <>
      <span>
        <Time at={lastRun.startedAt} format="relative" />{" "}
        <span className="text-muted">{t("ranBy", { by: lastRun.by })}</span>
      </span>
      <Done run={lastRun} />
      {lastRunHere && lastRunHere.id !== lastRun.id ? (
        <span className="text-muted">
          {t.rich("before", {
            time: () => <Time at={lastRunHere.startedAt} />,
            purged: lastRunHere.purged,
            failed: lastRunHere.failed,
          })}
        </span>
      ) : null}
    </>
  );
}

async function Done({ run: { state, mode, purged, skipped, due, failed } }: { run: RunView }) {
  const t = await getTranslations("trash.schedule");
  const nothing = purged + skipped + due + failed === 0;
  return (
    <>
      {state === "ended" ? null : <span>{t("state", { state })}</span>}
      {nothing && state !== "ended" ? null : mode === "REPORT" ? (
        <span>{t("reported", { count: due })}</span>
      ) : purged > 0 || failed + skipped === 0 ? (
        <span>{t("did", { purged })}</span>
      ) : null}
      {skipped > 0 ? <span>{t("skipped", { count: skipped })}</span> : null}
    </>
  );
}

async function Coming({ schedule: { coming } }: { schedule: TrashSchedule }) {
  const [t, common] = [await getTranslations("trash.schedule"), await getTranslations("common")];
  if (coming.items === 0) return t("nothingComing");
  const counts = [
    coming.projects > 0 ? t("projects", { count: coming.projects }) : null,
    coming.versions > 0 ? common("versions", { count: coming.versions }) : null,
    coming.trainings > 0 ? t("trainings", { count: coming.trainings }) : null,
    coming.imageItems > 0 ? t("imageItems", { count: coming.imageItems }) : null,
  ].filter((part) => part !== null);
  return (
    <>
      <Parts>
        {counts.map((part, i) => (
          <span key={part}>{coming.more && i === counts.length - 1 ? t("comingMore", { items: part }) : part}</span>
        ))}
      </Parts>
      <span className="text-muted">
        <Parts>
          <span>{common("images", { count: coming.images })}</span>
          <Bytes value={coming.bytes} />
        </Parts>
      </span>
    </>
  );
}

/** Facts in a row, with dots between them. */
function Parts({ children }: { children: ReactNode }) {
  const parts = [children].flat(2);
  return (
    <span className="flex flex-wrap gap-x-2">
      {parts.map((part, i) => (
        <span key={i} className="flex gap-x-2">
          {i > 0 ? <span aria-hidden>·</span> : null}
          {part}
        </span>
      ))}
    </span>
  );
}

/** What is wrong with the scheduler, above everything else on the page; nothing when all is well. */
export async function ScheduleAlarms({ workspaceSlug }: { workspaceSlug: string }) {
  const { silentSince, mode, lastRun } = await readSchedule(workspaceSlug);
  const t = await getTranslations("trash.schedule");
  return (
    <>
      {silentSince ? (
        <Callout tone="warn">{t.rich("silent", { time: () => <Time at={silentSince} /> })}</Callout>
      ) : null}
      {mode === "REPORT" ? <Callout tone="warn">{t("reportOnly")}</Callout> : null}
      {lastRun?.state === "failed" ? (
        <Callout tone="danger">{t("broke", { reason: t(`reasons.${lastRun.reason ?? "internal"}`) })}</Callout>
      ) : null}
      {lastRun && lastRun.failed > 0 ? <Failures run={lastRun} /> : null}
    </>
  );
}

async function Failures({ run: { failed, failures } }: { run: RunView }) {
  const [t, trash] = [await getTranslations("trash.schedule"), await getTranslations("trash")];
  const labelOf = ({ id, name, projectName, number, trainingNumber }: FailedItem): string => {
    if (projectName === undefined || !number) return name ?? id;
    const version = trash("versionLabel", { project: projectName, number });
    return trainingNumber ? trash("trainingLabel", { version, number: trainingNumber }) : version;
  };
  const shown = failures.slice(0, SHOWN);
  return (
    <Callout tone="danger">
      <p>{t("failures", { count: failed })}</p>
      <ul className="mt-1 list-disc pl-5 wrap-anywhere">
        {shown.map((item) => (
          <li key={item.id}>{t("failure", { label: labelOf(item), reason: t(`reasons.${item.reason}`) })}</li>
        ))}
        {failed > shown.length ? <li>{t("moreFailures", { count: failed - shown.length })}</li> : null}
      </ul>
    </Callout>
  );
}
