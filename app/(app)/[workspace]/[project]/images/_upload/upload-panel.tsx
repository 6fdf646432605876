"use client";

import { useLocale, useTranslations } from "next-intl";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { formatBytes } from "@/app/_ui/number";
import { Progress } from "@/app/_ui/progress";
import { LeftOut } from "./left-out";
import { baseName } from "@/lib/work/uploads/placing";
import type { UploadQueue, UploadState } from "./queue";

const SEPARATOR = " · ";

/** How the upload stands: in total, what is being sent right now, what came of it, and what did not work. */
export function UploadPanel({
  queue,
  state,
  imageMegabytes,
}: {
  queue: UploadQueue;
  state: UploadState;
  imageMegabytes: number;
}) {
  const t = useTranslations("images.upload");
  const common = useTranslations("common");
  const locale = useLocale();
  const {
    status,
    files,
    done,
    added,
    duplicates,
    restored,
    annotated,
    failures,
    notes,
    inFlight,
    bytes,
    doneBytes,
    readingAnnotations,
    sentence,
  } = state;
  const running = status === "running";
  const again = failures.filter((failure) => failure.again !== null).length;
  const sent = inFlight.reduce((sum, { sizeBytes, sentBytes }) => sum + Math.min(sentBytes, sizeBytes), doneBytes);
  const title = running
    ? readingAnnotations
      ? t("annotating")
      : t("running", { done, count: files })
    : t(`over.${status === "idle" ? "finished" : status}`, { count: added });
  const outcome = [
    ...(running ? [t("added", { count: added })] : []),
    ...(annotated > 0 ? [t("annotated", { count: annotated })] : []),
    ...(duplicates > 0 ? [t("duplicates", { count: duplicates })] : []),
    ...(restored > 0 ? [t("restored", { count: restored })] : []),
    ...(failures.length > 0 ? [t("failed", { count: failures.length })] : []),
    ...(notes.length > 0 ? [t("noted", { count: notes.length })] : []),
  ];
  return (
    <section aria-labelledby="upload" className="grid gap-3 rounded-lg border border-line bg-panel p-4">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="grid min-w-0 gap-0.5">
          <h2 id="upload" tabIndex={-1} className="font-semibold focus:outline-none">
            {title}
          </h2>
          <p className="text-sm text-muted">
            {running && bytes > 0
              ? `${t("bytes", { sent: formatBytes(locale, Math.min(sent, bytes)), all: formatBytes(locale, bytes) })}${outcome.length > 0 ? SEPARATOR : ""}`
              : ""}
            {outcome.join(SEPARATOR)}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          {running ? (
            <Button onClick={() => queue.cancel()}>{common("cancel")}</Button>
          ) : (
            <>
              {again > 0 || status === "stopped" ? (
                <Button variant="primary" onClick={() => queue.retry()}>
                  {status === "stopped" ? t("goOn") : t("retry", { count: again })}
                </Button>
              ) : null}
              <Button onClick={() => queue.dismiss()}>{t("dismiss")}</Button>
            </>
          )}
        </div>
      </div>
      <p role="status" className="sr-only">
        {running ? t("running", { done: 0, count: files }) : [title, ...outcome].join(SEPARATOR)}
      </p>
      {running ? (
        <Progress value={readingAnnotations ? null : bytes > 0 ? sent / bytes : 0} label={t("progress")} />
      ) : null}
      {running && inFlight.length > 0 ? (
        <ul aria-label={t("inFlight")} className="grid gap-x-6 gap-y-1 sm:grid-cols-2">
          {inFlight.map(({ path, sizeBytes, sentBytes }) => (
            <li key={path} className="grid grid-cols-[minmax(0,1fr)_4rem] items-center gap-3 text-sm text-muted">
              <bdi className="truncate">{baseName(path)}</bdi>
              <Progress
                value={sizeBytes > 0 ? sentBytes / sizeBytes : 0}
                label={t("progressOf", { name: baseName(path) })}
                className="h-1"
              />
            </li>
          ))}
        </ul>
      ) : null}
      {sentence !== null ? (
        <Callout tone="danger" announce>
          {sentence}
        </Callout>
      ) : null}
      {failures.length > 0 ? (
        <LeftOut label={t("failuresLabel")} files={failures} imageMegabytes={imageMegabytes} />
      ) : null}
      {notes.length > 0 ? (
        <div className="grid gap-1.5">
          <h3 className="text-sm font-medium">{t("notesLabel")}</h3>
          <LeftOut label={t("notesLabel")} files={notes} imageMegabytes={imageMegabytes} />
        </div>
      ) : null}
    </section>
  );
}
