"use client";

import { ChevronDown } from "lucide-react";
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { Button } from "@/app/_ui/button";
import { escapeName } from "@/app/_ui/exact-name";
import { renameVersionAction } from "../../_deleting/actions";
import { ItemMenu } from "../../_deleting/item-menu";
import { DeleteVersion, type NamedVersion } from "./delete-version";

// Few people open it, so it comes when somebody does.
const RenameDialog = dynamic(async () => (await import("../../_deleting/rename-dialog")).RenameDialog, { ssr: false });

/** The menu of a version: Rename, and last, apart, Delete Version. One that never came to be has nothing to rename. */
export function EditDataset({ version, failed }: { version: NamedVersion; failed: boolean }) {
  const t = useTranslations("versions");
  const { workspaceSlug, projectSlug, number, name } = version;
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
        rename: (close) => (
          <RenameDialog
            title={t("rename.title", { name: escapeName(name) })}
            description={t("rename.text", { type: "VERSION" })}
            name={name}
            rename={(to) => renameVersionAction({ workspaceSlug, projectSlug, number, name: to })}
            onClose={close}
          />
        ),
        delete: (close) => <DeleteVersion version={version} onClose={close} />,
      }}
    />
  );
}
