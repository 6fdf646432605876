"use client";

import { ChevronDown } from "lucide-react";
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { Button } from "@/app/_ui/button";
import { escapeName } from "@/app/_ui/exact-name";
import { toast } from "@/app/_ui/toast";
import { renameVersionAction, restoreVersionAction, trashVersionAction } from "../../_deleting/actions";
import { awaitArrival } from "../../_deleting/arrival";
import { ItemMenu } from "../../_deleting/item-menu";
import { useTrashedToast } from "../../_deleting/undo";

// Few people open these, so they come when somebody does.
const DeleteDialog = dynamic(async () => (await import("../../_deleting/delete-dialog")).DeleteDialog, { ssr: false });
const RenameDialog = dynamic(async () => (await import("../../_deleting/rename-dialog")).RenameDialog, { ssr: false });

interface Props {
  workspaceSlug: string;
  projectSlug: string;
  projectId: string;
  number: number;
  name: string;
  /** It never came to be: there is nothing to rename. */
  failed: boolean;
}

/** The menu of a version: Rename, and last, apart, Delete Version. */
export function EditDataset({ workspaceSlug, projectSlug, projectId, number, name, failed }: Props) {
  const t = useTranslations("versions");
  const router = useRouter();
  const say = useTrashedToast();
  const ref = { workspaceSlug, projectSlug, number };
  const mark = t("number", { number: String(number) });
  return (
    <ItemMenu
      trigger={
        <Button>
          {t("edit.menu")}
          <ChevronDown aria-hidden />
        </Button>
      }
      renameLabel={failed ? undefined : t("edit.rename")}
      deleteLabel={t("edit.deleteVersion")}
      dialogs={{
        rename: (close) => <RenameDialog title={t("rename.versionTitle", { name: escapeName(name) })} description={t("rename.versionText")} name={name} rename={(to) => renameVersionAction({ ...ref, name: to })} onClose={close} />,
        delete: (close) => (
          <DeleteDialog
            type="version"
            workspaceSlug={workspaceSlug}
            name={name}
            mark={mark}
            previewUrl={`/data/${workspaceSlug}/${projectSlug}/${number}/trash-preview`}
            typed
            trash={(confirmName) => trashVersionAction({ ...ref, confirmName })}
            onTrashed={(result) => {
              const label = escapeName(result.name);
              if (result.outcome === "trashed") say(label, () => restoreVersionAction({ workspaceSlug, projectId, number }));
              else toast(t("delete.wasThere", { name: label }));
              awaitArrival("version");
              close();
              router.push(`/${workspaceSlug}/${projectSlug}`);
            }}
            onClose={close}
          />
        ),
      }}
    />
  );
}
