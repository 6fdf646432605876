"use client";

import { useFormatter, useTranslations } from "next-intl";
import { useState, type ReactNode } from "react";
import { Badge } from "@/app/_ui/badge";
import { Time } from "@/app/_ui/time";
import type { VersionRef } from "@/lib/domain/item-state";
import { DeleteTraining } from "../_versions/delete-training";
import { Curve } from "./curve";
import { CancelRun, StopRun, TrainAgain } from "./run-controls";
import { isOpen, type Run } from "./live-runs";

const TONES = {
  QUEUED: "neutral",
  RUNNING: "accent",
  FINISHED: "ok",
  FAILED: "danger",
  CANCELLED: "neutral",
  STOPPED: "neutral",
} as const;

/** Why runs were cancelled, as the domain says it; null is by somebody. */
const CANCELLED = { "version moved to Trash": "versionTrashed", "project moved to Trash": "projectTrashed" } as const;

/** Why our own runs fail. A trainer elsewhere has its own sentences, shown as they are. */
const FAILED = [
  "too_few_classes",
  "too_many_classes",
  "no_training_images",
  "one_class_only",
  "too_many_images",
  "unknown_class",
  "unreadable_image",
  "internal",
  "worker lost",
] as const;

/** One training: its state in words, its figures, its curve, and what can be done about it. */
export function RunItem({
  run,
  version,
  may,
}: {
  run: Run;
  version: VersionRef;
  may: { train: boolean; delete: boolean };
}) {
  const t = useTranslations("versions.trainings");
  const headingId = `training-${run.id}`;
  const open = isOpen(run);
  const name = t("name", { number: String(run.number) });
  return (
    <li className="grid gap-2.5 px-3 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h4 id={headingId} tabIndex={-1} className="rounded-sm font-medium">
          {name}
        </h4>
        <StatusBadge run={run} />
        <code className="font-mono text-sm break-all text-muted">{run.modelType}</code>
        <div className="ml-auto flex flex-wrap items-center gap-1.5">
          {may.train && run.status === "RUNNING" && !run.stopAsked ? (
            <StopRun version={version} run={run} name={name} headingId={headingId} />
          ) : null}
          {may.train && open ? <CancelRun version={version} run={run} name={name} headingId={headingId} /> : null}
          {may.train && !open && run.trainer !== "HANDED_IN" ? (
            <TrainAgain version={version} run={run} name={name} />
          ) : null}
          {may.delete ? (
            <DeleteTraining version={version} trainingId={run.id} number={run.number} active={open} />
          ) : null}
        </div>
      </div>
      <Words run={run} />
      <Facts run={run} />
      {run.curve.length === 0 ? null : open ? (
        <Curve epochs={run.epochs} curve={run.curve} name={name} />
      ) : (
        <FoldedCurve run={run} name={name} />
      )}
    </li>
  );
}

/** The state, and of a cancelled run why. */
function StatusBadge({ run: { status, statusReason, trainer } }: { run: Run }) {
  const t = useTranslations("versions.trainings");
  if (trainer === "HANDED_IN") return <Badge tone="ok">{t("handedIn")}</Badge>;
  if (status !== "CANCELLED") return <Badge tone={TONES[status]}>{t(`statuses.${status}`)}</Badge>;
  const known = Object.entries(CANCELLED).find(([reason]) => reason === statusReason)?.[1];
  return (
    <Badge>
      {t("cancelledWhy", { why: known ? t(`cancelled.${known}`) : (statusReason ?? t("cancelled.byMember")) })}
    </Badge>
  );
}

/** What it waits for, or why it failed. */
function Words({ run: { status, statusReason, trainer, epoch, stopAsked } }: { run: Run }) {
  const t = useTranslations("versions.trainings");
  if (status === "FAILED") {
    const known = FAILED.find((reason) => reason === statusReason);
    return (
      <p className="text-sm text-danger">{known ? t(`failed.${known}`) : (statusReason ?? t("failed.internal"))}</p>
    );
  }
  const words =
    trainer === "HANDED_IN"
      ? t("handedInText")
      : status === "QUEUED"
        ? t(`waiting.${trainer}`)
        : status !== "RUNNING"
          ? null
          : stopAsked
            ? t("stopping")
            : epoch === 0
              ? t("beginning")
              : null;
  return words === null ? null : <p className="text-sm text-muted">{words}</p>;
}

function Facts({ run: { curve, epoch, epochs, createdAt, startedAt, endedAt, trainer } }: { run: Run }) {
  const t = useTranslations("versions.trainings");
  const format = useFormatter();
  const last = curve.at(-1);
  const share = (value: number) => format.number(value, { style: "percent", maximumFractionDigits: 1 });
  return (
    <dl className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
      {trainer === "HANDED_IN" ? null : <Fact term={t("epoch")}>{t("epochOf", { epoch, epochs })}</Fact>}
      {last ? (
        <>
          <Fact term={t("loss")}>{format.number(last.loss, { maximumSignificantDigits: 3 })}</Fact>
          <Fact term={t("accuracy")}>
            {last.validAccuracy === null
              ? share(last.accuracy)
              : t("accuracies", { train: share(last.accuracy), valid: share(last.validAccuracy) })}
          </Fact>
        </>
      ) : null}
      {trainer === "HANDED_IN" ? null : (
        <Fact term={t(startedAt === null ? "queued" : "started")}>
          <Time at={startedAt ?? createdAt} format="relative" />
        </Fact>
      )}
      {endedAt === null ? null : (
        <Fact term={t("endedAt")}>
          <Time at={endedAt} format="relative" />
        </Fact>
      )}
    </dl>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="flex gap-1.5">
      <dt className="text-muted">{term}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  );
}

function FoldedCurve({ run, name }: { run: Run; name: string }) {
  const t = useTranslations("versions.trainings");
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="w-fit cursor-pointer rounded-sm text-sm text-accent" aria-label={t("curveOf", { name })}>
        {t("curve")}
      </summary>
      {open ? (
        <div className="mt-3">
          <Curve epochs={run.epochs} curve={run.curve} name={name} />
        </div>
      ) : null}
    </details>
  );
}
