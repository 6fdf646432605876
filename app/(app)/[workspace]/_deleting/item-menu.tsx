"use client";

import { Pencil, Trash2 } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "@/app/_ui/menu";

type Choice = "rename" | "delete";

/**
 * The menu of something that can be renamed and deleted, delete last and apart. A dialog opens once the menu has given
 * the focus back to its button, so that closing the dialog leads there too.
 */
export function ItemMenu({
  trigger,
  renameLabel,
  deleteLabel,
  dialogs,
}: {
  trigger: ReactNode;
  renameLabel?: string | undefined;
  deleteLabel: string;
  dialogs: Record<Choice, (close: () => void) => ReactNode>;
}) {
  const chosen = useRef<Choice | null>(null);
  const [open, setOpen] = useState<Choice | null>(null);
  return (
    <>
      <Menu>
        <MenuTrigger asChild>{trigger}</MenuTrigger>
        <MenuContent
          align="end"
          onCloseAutoFocus={() => {
            setOpen(chosen.current);
            chosen.current = null;
          }}
        >
          {renameLabel === undefined ? null : (
            <>
              <MenuItem onSelect={() => (chosen.current = "rename")}>
                <Pencil aria-hidden />
                {renameLabel}
              </MenuItem>
              <MenuSeparator />
            </>
          )}
          <MenuItem danger onSelect={() => (chosen.current = "delete")}>
            <Trash2 aria-hidden />
            {deleteLabel}
          </MenuItem>
        </MenuContent>
      </Menu>
      {open === null ? null : dialogs[open](() => setOpen(null))}
    </>
  );
}
