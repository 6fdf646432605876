"use client";

import { useLocale, useTranslations } from "next-intl";
import { useState, useTransition } from "react";
import { AlertDialog, AlertDialogContent } from "@/app/_ui/alert-dialog";
import { Button } from "@/app/_ui/button";
import { ExactName, isOddName } from "@/app/_ui/exact-name";
import { Field } from "@/app/_ui/field";
import { Input } from "@/app/_ui/input";
import { formatBytes } from "@/app/_ui/number";
import { toast, toastError } from "@/app/_ui/toast";
import { normalizeName } from "@/lib/domain/name-form";
import type { EmptiedTrash } from "@/lib/domain/trash";
import { emptyTrashAction, purgeItemsAction } from "./actions";
import { sumLosses, type Row } from "./rows";
import { LookingAtTrash, LookRefused, OldestOnly } from "./selection-parts";
import { useDesk, type Result } from "./use-desk";
import { useSelection } from "./use-selection";

const NAMES_MAX = 5;
const FORM = "purge";

/**
 * Asks before items are purged, or, without `chosen`, all of Trash: says what is lost, and wants it typed. What is lost is
 * what was frozen when the dialog opened, and nothing else.
 */
export function PurgeDialog({ chosen, onClose }: { chosen: readonly Row[] | null; onClose: () => void }) {
  const t = useTranslations("trash");
  const common = useTranslations("common");
  const { workspaceSlug, summary, rows: listed, report } = useDesk();
  const [rows, setRows] = useState(chosen);
  const look = useSelection(rows);
  const { selection } = look;
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [pending, startTransition] = useTransition();

  const one = rows?.length === 1 ? rows[0] : undefined;
  const count = rows ? rows.length : selection.state === "ready" ? selection.items : null;
  const wanted = one ? one.name : String(count);
  const fits = one ? normalizeName(typed) === wanted : typed.normalize("NFKC").trim() === wanted;
  const ready = selection.state === "ready" && count !== 0;
  const title = one
    ? t("purge.titleOne", { label: one.label })
    : rows
      ? t("purge.titleMany", { count: rows.length })
      : t("purge.titleAll");

  function lookAgain(): void {
    const left = rows && listed.filter((row) => rows.some(({ id }) => id === row.id));
    if (left?.length === 0) return onClose();
    setRows(left);
    look.again(left);
  }

  function purge(): void {
    if (!fits || pending || selection.state !== "ready") return;
    const input = { workspaceSlug, selectionId: selection.id, confirm: typed };
    startTransition(async () => {
      const answer = rows ? await purgeItemsAction(input) : await emptyTrashAction(input);
      if (!answer.ok) {
        setTyped("");
        (answer.error.code === "stale_selection" ? look.refuse : setError)(answer.error.message);
        return;
      }
      tell(answer.data);
      onClose();
    });
  }

  function tell(done: readonly Result[] | EmptiedTrash): void {
    if ("left" in done) {
      const { items, left, changed } = done;
      const gone = items - left - changed;
      if (left > 0) toastError(t("emptiedPartly", { count: gone, left }));
      else if (changed > 0) toast(t("emptiedChanged", { count: gone, changed }));
      else toast(t("emptied", { count: gone }));
    } else {
      report(
        done,
        () => (one ? t("purged", { label: one.label }) : t("purgedMany", { count: done.length })),
        (purged) => t("purgedPartly", { done: purged, count: done.length }),
      );
    }
  }

  return (
    <AlertDialog open onOpenChange={(open) => !open && !pending && onClose()}>
      <AlertDialogContent
        title={<span className="break-words">{title}</span>}
        description={<p>{t(rows ? "purge.lost" : "purge.lostAll")}</p>}
        cancel={common("cancel")}
        cancelDisabled={pending}
        act={
          <Button variant="danger" type="submit" form={FORM} pending={pending} disabled={!ready || !fits}>
            {t(rows ? "deletePermanently" : "emptyTrash")}
          </Button>
        }
      >
        {selection.state === "refused" ? <LookRefused message={selection.message} onAgain={lookAgain} /> : null}
        {count === null && selection.state === "loading" ? <LookingAtTrash /> : null}
        {count === 0 ? <p>{t("empty")}</p> : null}
        {count ? (
          <Lost rows={rows ?? listed} count={count} total={rows ? sumLosses(rows) : null} summary={summary} />
        ) : null}
        {selection.state === "ready" && selection.more ? <OldestOnly count={selection.items} /> : null}
        <p className="font-medium">{t("purge.cannotBeUndone")}</p>
        <form
          id={FORM}
          onSubmit={(event) => {
            event.preventDefault();
            purge();
          }}
          hidden={!count}
        >
          <Field
            label={one ? t("purge.typeName", { type: one.type }) : t("purge.typeNumber", { count: count ?? 0 })}
            description={one && isOddName(wanted) ? common("oddName") : undefined}
            error={error}
          >
            {(control) => (
              <>
                {one ? <ExactName name={wanted} copyLabel={t("purge.copyName")} /> : null}
                <Input
                  {...control}
                  value={typed}
                  autoComplete="off"
                  autoCapitalize="off"
                  spellCheck={false}
                  inputMode={one ? "text" : "numeric"}
                  onChange={({ target }) => {
                    setTyped(target.value);
                    setError(null);
                  }}
                />
              </>
            )}
          </Field>
        </form>
      </AlertDialogContent>
    </AlertDialog>
  );
}

/** The first names, and in figures what goes with them. */
function Lost({
  rows,
  count,
  total,
  summary,
}: {
  rows: readonly Row[];
  count: number;
  total: Row["loss"] | null;
  summary: { images: number; bytes: number };
}) {
  const t = useTranslations("trash");
  const common = useTranslations("common");
  const locale = useLocale();
  const { images, bytes } = total ?? summary;
  const figures = [
    common("images", { count: images }),
    formatBytes(locale, bytes),
    ...(total && total.trainings > 0 ? [t("purge.trainings", { count: total.trainings })] : []),
    ...(total && total.models > 0 ? [t("purge.models", { count: total.models })] : []),
  ];
  const named = rows.slice(0, NAMES_MAX);
  return (
    <ul aria-label={t("purge.list")} className="grid gap-1 rounded-md border border-line px-3 py-2.5 text-sm">
      {named.map((row) => (
        <li key={row.id} className="truncate">
          {row.type === "VERSION" ? (
            <>
              <bdi className="font-medium">{row.name}</bdi> <bdi className="text-muted">{row.label}</bdi>
            </>
          ) : (
            <bdi className="font-medium">{row.label}</bdi>
          )}
        </li>
      ))}
      {count > named.length ? (
        <li className="text-muted">
          {named.length > 0 ? t("purge.more", { count: count - named.length }) : t("items", { count })}
        </li>
      ) : null}
      <li className="mt-1 border-t border-line pt-2">{figures.join(" · ")}</li>
    </ul>
  );
}
