"use client";

import { Ellipsis, Undo2 } from "lucide-react";
import { useTranslations } from "next-intl";
import { lazy, Suspense, useState } from "react";
import { Button } from "@/app/_ui/button";
import { Checkbox } from "@/app/_ui/checkbox";
import { useDesk } from "./use-desk";
import type { Row } from "./rows";

// Menus weigh as much as the rest of the page together, and few visits need one.
const loadMenu = () => import("./row-menu");
const OpenedRowMenu = lazy(async () => ({ default: (await loadMenu()).OpenedRowMenu }));

const useRow = (id: string): Row | undefined => useDesk().rows.find((row) => row.id === id);

/** Chooses one item. */
export function SelectRow({ id }: { id: string }) {
  const t = useTranslations("trash");
  const { selected, select } = useDesk();
  const row = useRow(id);
  return row ? (
    <Checkbox
      aria-label={t("select", { label: row.label })}
      checked={selected.has(id)}
      onCheckedChange={(checked) => select([id], checked === true)}
    />
  ) : null;
}

/** Chooses every item of a section that is on the page. */
export function SelectSection({ type }: { type: Row["type"] }) {
  const t = useTranslations("trash");
  const { rows, selected, select } = useDesk();
  const ids = rows.filter((row) => row.type === type).map((row) => row.id);
  const count = ids.filter((id) => selected.has(id)).length;
  const checked = count === 0 ? false : count === ids.length || "indeterminate";
  return (
    <Checkbox
      aria-label={t("selectAll", { type })}
      checked={checked}
      onCheckedChange={() => select(ids, checked !== true)}
    />
  );
}

/** Restores one item; disabled while what it belongs to is in Trash, for the reason that stands in the element `reasonId`. */
export function RestoreButton({ id, reasonId }: { id: string; reasonId: string | undefined }) {
  const t = useTranslations("trash");
  const { restoring, restore } = useDesk();
  const row = useRow(id);
  if (!row) return null;
  return (
    <Button
      size="sm"
      data-restore
      aria-label={t("restoreItem", { label: row.label })}
      aria-describedby={reasonId}
      disabled={row.blockedBy !== null}
      pending={restoring.has(id)}
      onClick={() => restore([row])}
    >
      {t("restore")}
    </Button>
  );
}

/** Restores what an item belongs to, so that the item itself can be restored. */
export function RestoreParentButton({ id, label }: { id: string; label: string }) {
  const t = useTranslations("trash");
  const { restoring, restore, rows } = useDesk();
  const row = useRow(id);
  if (!row || row.blockedBy === null) return null;
  const { projectId, versionId, blockedBy } = row;
  const parentId = blockedBy === "PROJECT" || versionId === null ? projectId : versionId;
  const parent: Row = rows.find((other) => other.id === parentId) ?? {
    ...row,
    type: blockedBy,
    id: parentId,
    name: label,
    label,
    blockedBy: null,
  };
  return (
    <Button
      size="sm"
      variant="ghost"
      className="-ml-2"
      pending={restoring.has(parentId)}
      onClick={() => restore([parent], id)}
    >
      <Undo2 aria-hidden />
      {t("restoreItem", { label })}
    </Button>
  );
}

/** The rest of what can be done to one item; for owners. */
export function RowMenu({ id }: { id: string }) {
  const t = useTranslations("trash");
  const { ask } = useDesk();
  const [wanted, setWanted] = useState(false);
  const row = useRow(id);
  if (!row) return null;
  const button = (
    <Button
      variant="ghost"
      size="icon"
      aria-label={t("more", { label: row.label })}
      aria-haspopup="menu"
      aria-expanded={false}
      onPointerEnter={() => void loadMenu()}
      onFocus={() => void loadMenu()}
      onClick={() => setWanted(true)}
    >
      <Ellipsis aria-hidden />
    </Button>
  );
  if (!wanted) return button;
  return (
    <Suspense fallback={button}>
      <OpenedRowMenu label={row.label} onPurge={() => ask({ kind: "purge", rows: [row] })} />
    </Suspense>
  );
}
