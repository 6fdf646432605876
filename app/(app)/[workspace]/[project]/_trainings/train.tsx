"use client";

import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { toast } from "@/app/_ui/toast";
import { awaitArrival } from "../../_deleting/arrival";
import type { TrainableVersion, TrainingDefaults } from "./train-dialog";

const TrainDialog = dynamic(async () => (await import("./train-dialog")).TrainDialog, { ssr: false });

/** The button that begins a training, after its settings. Where nothing could be learned it says why. */
export function Train({
  version,
  ready,
  defaults,
}: {
  version: TrainableVersion;
  ready: boolean;
  defaults: TrainingDefaults;
}) {
  const t = useTranslations("versions.trainings");
  const [open, setOpen] = useState(false);
  // What our own trainer cannot make of a project's type, another one may.
  const { untrainable } = version;
  const reason = !ready
    ? t("notReady")
    : untrainable === null || untrainable === "type"
      ? false
      : t(`untrainable.${untrainable}`);
  return (
    <>
      <Button disabled={reason} onClick={() => setOpen(true)}>
        {t("train")}
      </Button>
      {open ? (
        <TrainDialog
          version={version}
          defaults={defaults}
          onBegun={(number) => {
            toast(t("begun", { number: String(number) }));
            awaitArrival("TRAINING");
            setOpen(false);
          }}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </>
  );
}
