"use client";

import { useTranslations } from "next-intl";
import { useState, useTransition } from "react";
import { AlertDialog, AlertDialogContent } from "@/app/_ui/alert-dialog";
import { Button } from "@/app/_ui/button";
import { useLeave } from "@/app/_ui/leave";
import { toast, toastError } from "@/app/_ui/toast";
import type { VersionRef } from "@/lib/domain/item-state";
import type { ActionResult } from "@/lib/doors/action";
import { cancelTrainingAction, startTrainingAction, stopTrainingAction } from "../_versions/actions";
import type { Run } from "./live-runs";

interface Props {
  version: VersionRef;
  run: Run;
  name: string;
}

/** Ends the run after its epoch and keeps what it learned: nothing is lost, so nothing is asked. */
export function StopRun({ version, run, name, headingId }: Props & { headingId: string }) {
  const t = useTranslations("versions.trainings");
  const leave = useLeave(headingId);
  const { pending, act } = useAct();
  return (
    <Button
      size="sm"
      pending={pending}
      aria-label={t("stopName", { name })}
      onClick={() => act(() => stopTrainingAction({ ...version, trainingId: run.id }), leave)}
    >
      {t("stop")}
    </Button>
  );
}

/** Ends the run and drops what it learned, after a question where it has learned something. */
export function CancelRun({ version, run, name, headingId }: Props & { headingId: string }) {
  const t = useTranslations("versions.trainings");
  const leave = useLeave(headingId);
  const [asking, setAsking] = useState(false);
  const { pending, act } = useAct();
  const cancel = () =>
    act(
      () => cancelTrainingAction({ ...version, trainingId: run.id }),
      () => {
        leave();
        setAsking(false);
      },
    );
  return (
    <>
      <Button
        size="sm"
        pending={pending && !asking}
        aria-label={t("cancelName", { name })}
        onClick={() => (run.epoch === 0 ? cancel() : setAsking(true))}
      >
        {t("cancel")}
      </Button>
      <AlertDialog open={asking} onOpenChange={setAsking}>
        <AlertDialogContent
          title={t("cancelTitle", { name })}
          description={t("cancelText", { epochs: run.epoch })}
          cancel={t("goOn")}
          act={
            <Button variant="danger" pending={pending} onClick={cancel}>
              {t("cancelConfirm")}
            </Button>
          }
        />
      </AlertDialog>
    </>
  );
}

/** Begins another run with the settings of this one. */
export function TrainAgain({ version, run, name }: Props) {
  const t = useTranslations("versions.trainings");
  const { pending, act } = useAct();
  const again = () =>
    act(
      () => startTrainingAction({ ...version, modelType: run.modelType, epochs: run.epochs }),
      ({ number }) => toast(t("begun", { number: String(number) })),
    );
  return (
    <Button size="sm" variant="ghost" pending={pending} aria-label={t("againName", { name })} onClick={again}>
      {t("again")}
    </Button>
  );
}

/** Runs an action, and says so when it was refused. */
function useAct() {
  const t = useTranslations("versions.trainings");
  const [pending, startTransition] = useTransition();
  return {
    pending,
    act: <Data,>(run: () => Promise<ActionResult<Data>>, done: (data: Data) => void) =>
      startTransition(async () => {
        const result = await run().catch(() => null);
        if (result?.ok) done(result.data);
        else toastError(result?.error.message ?? t("unreachable"));
      }),
  };
}
