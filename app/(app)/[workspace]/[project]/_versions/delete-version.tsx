"use client";

import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { escapeName } from "@/app/_ui/exact-name";
import { toast } from "@/app/_ui/toast";
import { restoreItemAction, trashVersionAction } from "../../_deleting/actions";
import { awaitArrival } from "../../_deleting/arrival";
import { useTrashedToast } from "../../_deleting/undo";

// Few people open it, so it comes when somebody does.
const DeleteDialog = dynamic(async () => (await import("../../_deleting/delete-dialog")).DeleteDialog, { ssr: false });

/** What names a version in dialogs and actions. */
export interface NamedVersion {
  workspaceSlug: string;
  projectSlug: string;
  projectId: string;
  number: number;
  name: string;
}

/** Asks before the version goes to Trash; afterwards the project's next version is chosen. Mounted means open. */
export function DeleteVersion({
  version: { workspaceSlug, projectSlug, projectId, number, name },
  onClose,
}: {
  version: NamedVersion;
  onClose: () => void;
}) {
  const t = useTranslations("versions");
  const router = useRouter();
  const say = useTrashedToast();
  return (
    <DeleteDialog
      type="VERSION"
      workspaceSlug={workspaceSlug}
      name={name}
      mark={t("number", { number: String(number) })}
      consequencesUrl={`/data/${workspaceSlug}/${projectSlug}/${number}/consequences`}
      typed
      trash={(confirmName, note) => trashVersionAction({ workspaceSlug, projectSlug, number, confirmName, note })}
      onTrashed={(result) => {
        const label = escapeName(result.name);
        if (result.outcome === "trashed")
          say(label, () => restoreItemAction({ workspaceSlug, item: { type: "VERSION", projectId, number } }));
        else toast(t("delete.wasThere", { name: label }));
        awaitArrival("VERSION");
        onClose();
        router.push(`/${workspaceSlug}/${projectSlug}`);
      }}
      onClose={onClose}
    />
  );
}
