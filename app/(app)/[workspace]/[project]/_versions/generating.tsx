"use client";

import { useTranslations } from "next-intl";
import { useEffect, useRef, useState, useTransition } from "react";
import { AlertDialog, AlertDialogContent, AlertDialogTrigger } from "@/app/_ui/alert-dialog";
import { Button } from "@/app/_ui/button";
import { escapeName } from "@/app/_ui/exact-name";
import { Progress } from "@/app/_ui/progress";
import { useLeave } from "@/app/_ui/leave";
import { toastError } from "@/app/_ui/toast";
import { cancelGenerationAction } from "./actions";
import type { NamedVersion } from "./delete-version";

/** What is imported is made as well, in other words. */
const WORDS = { true: "versions.importing", false: "versions.generation" } as const;

/** How far the generation of a version is, as the page knows it; the page is fetched anew while it goes on. */
export function Generating({
  version,
  progress,
  images,
  imported,
  mayCancel,
  headingId,
}: {
  version: NamedVersion;
  progress: number;
  images: number;
  imported: boolean;
  mayCancel: boolean;
  headingId: string;
}) {
  const t = useTranslations(WORDS[`${imported}`]);
  const minutes = useMinutesLeft(progress);
  return (
    <div className="grid gap-2">
      <Progress value={progress} label={t("label", { name: escapeName(version.name) })} />
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 text-sm text-muted">
        <p>
          {t("done", { done: Math.floor(progress * images), total: images })}
          {minutes === null ? null : ` · ${t("minutesLeft", { minutes })}`}
        </p>
        {mayCancel ? <CancelGeneration version={version} imported={imported} headingId={headingId} /> : null}
      </div>
      <p className="text-sm text-muted">{t("text")}</p>
    </div>
  );
}

function CancelGeneration({
  version: { name, workspaceSlug, projectSlug, number },
  imported,
  headingId,
}: {
  version: NamedVersion;
  imported: boolean;
  headingId: string;
}) {
  const t = useTranslations(WORDS[`${imported}`]);
  const leave = useLeave(headingId);
  const [open, setOpen] = useState(false);
  const [pending, startTransition] = useTransition();

  function cancel(): void {
    startTransition(async () => {
      const result = await cancelGenerationAction({ workspaceSlug, projectSlug, number }).catch(() => null);
      if (result?.ok) leave();
      else toastError(result?.error.message ?? t("unreachable"));
      setOpen(false);
    });
  }

  return (
    <AlertDialog open={open} onOpenChange={setOpen}>
      <AlertDialogTrigger asChild>
        <Button size="sm">{t("cancel")}</Button>
      </AlertDialogTrigger>
      <AlertDialogContent
        title={t("cancelTitle", { name: escapeName(name) })}
        description={t("cancelText")}
        cancel={t("goOn")}
        act={
          <Button variant="danger" pending={pending} onClick={cancel}>
            {t("cancelConfirm")}
          </Button>
        }
      />
    </AlertDialog>
  );
}

/** What was seen for less time, or of less progress, says nothing of the rest. */
const SEEN_MS = 8_000;
const SEEN_PROGRESS = 0.02;
const MINUTE_MS = 60_000;

/** Minutes until it is done, at the speed seen since the page was opened; null while that says nothing. */
function useMinutesLeft(progress: number): number | null {
  const begun = useRef<{ progress: number; at: number } | null>(null);
  const [minutes, setMinutes] = useState<number | null>(null);
  useEffect(() => {
    const now = performance.now();
    // Back at an earlier point: another worker took over.
    if (begun.current === null || progress < begun.current.progress) begun.current = { progress, at: now };
    const [seenMs, seen] = [now - begun.current.at, progress - begun.current.progress];
    setMinutes(
      seenMs < SEEN_MS || seen < SEEN_PROGRESS ? null : Math.ceil(((1 - progress) * seenMs) / seen / MINUTE_MS),
    );
  }, [progress]);
  return minutes;
}
