import { useTranslations } from "next-intl";
import { Badge } from "@/app/_ui/badge";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/app/_ui/table";
import { Time } from "@/app/_ui/time";
import type { VersionRef } from "@/lib/domain/item-state";
import type { TrainingView } from "@/lib/domain/versions";
import { FocusOnArrival } from "../../_deleting/arrival";
import { DeleteTraining } from "./delete-training";

const TONES = { QUEUED: "neutral", RUNNING: "accent", FINISHED: "ok", FAILED: "danger", CANCELLED: "neutral", STOPPED: "neutral" } as const;

/** Reasons that the domain gives; a trainer's own stand as it gave them. */
const REASONS = { "version moved to Trash": "versionTrashed", "project moved to Trash": "projectTrashed" } as const;

const isKnown = (reason: string): reason is keyof typeof REASONS => reason in REASONS;

/** The trainings of a version that are not in Trash. */
export function TrainingsTable({ trainings, version, mayDelete }: { trainings: readonly TrainingView[]; version: VersionRef; mayDelete: boolean }) {
  const t = useTranslations("versions.trainings");
  return (
    <>
      <FocusOnArrival item="training" target="trainings" shows={trainings.map(({ id }) => id).join()} />
      {trainings.length === 0 ? (
        <p className="text-muted">{t("none")}</p>
      ) : (
        <Table label={t("title")}>
          <TableHead>
            <TableRow>
              <TableHeader>{t("training")}</TableHeader>
              <TableHeader>{t("status")}</TableHeader>
              <TableHeader numeric>{t("epochs")}</TableHeader>
              <TableHeader className="max-sm:hidden">{t("created")}</TableHeader>
              {mayDelete ? (
                <TableHeader>
                  <span className="sr-only">{t("actions")}</span>
                </TableHeader>
              ) : null}
            </TableRow>
          </TableHead>
          <TableBody>
            {trainings.map(({ id, number, status, statusReason, epoch, epochs, createdAt, endedAt }) => (
              <TableRow key={id}>
                <TableHeader scope="row" className="whitespace-nowrap">
                  {t("name", { number: String(number) })}
                </TableHeader>
                <TableCell>
                  <Badge tone={TONES[status]}>{t(`statuses.${status}`)}</Badge>
                  {statusReason === null ? null : <span className="mt-0.5 block text-muted">{isKnown(statusReason) ? t(`reasons.${REASONS[statusReason]}`) : statusReason}</span>}
                </TableCell>
                <TableCell numeric>{t("epochOf", { epoch, epochs })}</TableCell>
                <TableCell className="max-sm:hidden">
                  <Time at={createdAt} format="relative" />
                </TableCell>
                {mayDelete ? (
                  <TableCell className="text-right">
                    <DeleteTraining version={version} trainingId={id} number={number} active={endedAt === null} />
                  </TableCell>
                ) : null}
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </>
  );
}
