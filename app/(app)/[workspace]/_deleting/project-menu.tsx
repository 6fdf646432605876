"use client";

import { Ellipsis } from "lucide-react";
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { Button } from "@/app/_ui/button";
import { escapeName } from "@/app/_ui/exact-name";
import { toast } from "@/app/_ui/toast";
import { renameProjectAction, restoreItemAction, trashProjectAction } from "./actions";
import { awaitArrival } from "./arrival";
import { ItemMenu } from "./item-menu";
import { useTrashedToast } from "./undo";

const DeleteDialog = dynamic(async () => (await import("./delete-dialog")).DeleteDialog, { ssr: false });
const RenameDialog = dynamic(async () => (await import("./rename-dialog")).RenameDialog, { ssr: false });

/** The menu of a project's card: Rename, and last, apart, Delete Project. */
export function ProjectMenu({
  workspaceSlug,
  projectSlug,
  projectId,
  name,
}: {
  workspaceSlug: string;
  projectSlug: string;
  projectId: string;
  name: string;
}) {
  const t = useTranslations("versions");
  const say = useTrashedToast();
  const ref = { workspaceSlug, projectSlug };
  return (
    <ItemMenu
      trigger={
        <Button variant="ghost" size="icon" aria-label={t("edit.projectMenu", { name: escapeName(name) })}>
          <Ellipsis aria-hidden />
        </Button>
      }
      renameLabel={t("edit.rename")}
      deleteLabel={t("edit.deleteProject")}
      dialogs={{
        rename: (close) => (
          <RenameDialog
            title={t("rename.title", { name: escapeName(name) })}
            description={t("rename.text", { type: "PROJECT" })}
            name={name}
            rename={(to) => renameProjectAction({ ...ref, name: to })}
            onClose={close}
          />
        ),
        delete: (close) => (
          <DeleteDialog
            type="PROJECT"
            workspaceSlug={workspaceSlug}
            name={name}
            consequencesUrl={`/data/${workspaceSlug}/${projectSlug}/consequences`}
            typed
            trash={(confirmName, note) => trashProjectAction({ ...ref, confirmName, note })}
            onTrashed={(result) => {
              const label = escapeName(result.name);
              if (result.outcome === "trashed")
                say(label, () => restoreItemAction({ workspaceSlug, item: { type: "PROJECT", projectId } }));
              else toast(t("delete.wasThere", { name: label }));
              awaitArrival("PROJECT");
              close();
            }}
            onClose={close}
          />
        ),
      }}
    />
  );
}
