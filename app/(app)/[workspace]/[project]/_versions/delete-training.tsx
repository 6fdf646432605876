"use client";

import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { useState } from "react";
import { Button } from "@/app/_ui/button";
import type { VersionRef } from "@/lib/domain/item-state";
import { restoreItemAction, trashTrainingAction } from "../../_deleting/actions";
import { awaitArrival } from "../../_deleting/arrival";
import { useTrashedToast } from "../../_deleting/undo";

const DeleteDialog = dynamic(async () => (await import("../../_deleting/delete-dialog")).DeleteDialog, { ssr: false });

/** The button that moves a training to Trash, after a question. One that is under way says why it cannot. */
export function DeleteTraining({
  version,
  trainingId,
  number,
  active,
}: {
  version: VersionRef;
  trainingId: string;
  number: number;
  active: boolean;
}) {
  const t = useTranslations("versions.trainings");
  const say = useTrashedToast();
  const [open, setOpen] = useState(false);
  const name = t("name", { number: String(number) });
  const { workspaceSlug, projectSlug } = version;
  return (
    <>
      <Button
        size="sm"
        variant="ghost"
        aria-label={t("delete", { name })}
        disabled={active ? t("activeHint") : false}
        onClick={() => setOpen(true)}
      >
        {t("deleteShort")}
      </Button>
      {open ? (
        <DeleteDialog
          type="TRAINING"
          workspaceSlug={workspaceSlug}
          name={name}
          consequencesUrl={`/data/${workspaceSlug}/${projectSlug}/${version.number}/trainings/${trainingId}/consequences`}
          typed={false}
          trash={(_confirmName, note) => trashTrainingAction({ ...version, trainingId, note })}
          onTrashed={({ outcome }) => {
            if (outcome === "trashed")
              say(name, () => restoreItemAction({ workspaceSlug, item: { type: "TRAINING", trainingId } }));
            awaitArrival("TRAINING");
            setOpen(false);
          }}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </>
  );
}
