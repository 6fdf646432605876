"use client";

import { useLocale, useTranslations } from "next-intl";
import { useState, useTransition } from "react";
import { AlertDialog, AlertDialogContent } from "@/app/_ui/alert-dialog";
import { Button } from "@/app/_ui/button";
import { CopyButton } from "@/app/_ui/copy-button";
import { Field } from "@/app/_ui/field";
import { Input } from "@/app/_ui/input";
import { formatBytes } from "@/app/_ui/number";
import { toast, toastError } from "@/app/_ui/toast";
import { normalizeName } from "@/lib/domain/name-form";
import { emptyTrashAction, purgeItemsAction } from "./actions";
import { useDesk } from "./use-desk";
import { sumLosses, type Row } from "./rows";

const NAMES_MAX = 5;
const FORM = "purge";

/** Asks before items are purged, or, without `rows`, all of Trash: says what is lost, and wants it typed. */
export function PurgeDialog({ rows, onClose }: { rows: readonly Row[] | null; onClose: () => void }) {
  const t = useTranslations("trash");
  const common = useTranslations("common");
  const { workspaceSlug, asOf, summary, rows: listed, report } = useDesk();
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [pending, startTransition] = useTransition();

  const one = rows?.length === 1 ? rows[0] : undefined;
  const count = rows ? rows.length : summary.items;
  const wanted = one ? one.name : String(count);
  const fits = one ? normalizeName(typed) === wanted : typed.normalize("NFKC").trim() === wanted;
  const title = one
    ? t("purge.titleOne", { label: one.label })
    : rows
      ? t("purge.titleMany", { count })
      : t("purge.titleAll");

  function refuse(sentence: string): void {
    setTyped("");
    setError(sentence);
  }

  function purge(): void {
    if (!fits || pending) return;
    startTransition(async () => {
      if (rows) {
        const items = rows.map(({ type, id, name, projectId, number }) => ({ type, id, name, projectId, number }));
        const answer = await purgeItemsAction({ workspaceSlug, items, confirm: typed, asOf });
        if (!answer.ok) return refuse(answer.error.message);
        report(
          answer.data,
          () => (one ? t("purged", { label: one.label }) : t("purgedMany", { count })),
          (done) => t("purgedPartly", { done, count }),
        );
      } else {
        const answer = await emptyTrashAction({ workspaceSlug, asOf, confirm: typed });
        if (!answer.ok) return refuse(answer.error.message);
        const { items, left } = answer.data;
        if (left === 0) toast(t("emptied", { count: items }));
        else toastError(t("emptiedPartly", { count: items - left, left }));
      }
      onClose();
    });
  }

  return (
    <AlertDialog open onOpenChange={(open) => !open && !pending && onClose()}>
      <AlertDialogContent
        title={<span className="break-words">{title}</span>}
        description={<p>{t(rows ? "purge.lost" : "purge.lostAll")}</p>}
        cancel={common("cancel")}
        cancelDisabled={pending}
        act={
          <Button variant="danger" type="submit" form={FORM} pending={pending} disabled={!fits}>
            {t(rows ? "deletePermanently" : "emptyTrash")}
          </Button>
        }
      >
        <Lost rows={rows ?? listed} count={count} total={rows ? sumLosses(rows) : null} summary={summary} />
        <p className="font-medium">{t("purge.cannotBeUndone")}</p>
        <form
          id={FORM}
          onSubmit={(event) => {
            event.preventDefault();
            purge();
          }}
        >
          <Field label={one ? t("purge.typeName", { type: one.type }) : t("purge.typeNumber", { count })} error={error}>
            {(control) => (
              <>
                {one ? (
                  <div className="flex min-w-0 items-start gap-2 rounded-md border border-line bg-panel py-1 pr-1 pl-2.5">
                    <code className="min-w-0 grow py-0.5 font-mono break-all">
                      <bdi>{revealHidden(wanted)}</bdi>
                    </code>
                    <CopyButton text={wanted} label={t("purge.copyName")} />
                  </div>
                ) : null}
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

/** Signs that cannot be seen, and those that turn the order of others round, as their code points. */
const revealHidden = (name: string): string =>
  name.replace(
    /[\p{Cf}\p{Zl}\p{Zp}]/gu,
    (sign) => `[U+${sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
  );
