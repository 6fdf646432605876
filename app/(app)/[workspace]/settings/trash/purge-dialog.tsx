"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useState, useTransition } from "react";
import { AlertDialog, AlertDialogContent } from "@/app/_ui/alert-dialog";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { ExactName, isOddName } from "@/app/_ui/exact-name";
import { Field } from "@/app/_ui/field";
import { Input } from "@/app/_ui/input";
import { TextLink } from "@/app/_ui/text-link";
import { normalizeName } from "@/lib/domain/name-form";
import type { TrashSet } from "@/lib/domain/trash";
import { startPurgeAction } from "./actions";
import { activityHref } from "./activity-href";
import { Changes, Losses } from "./purge-losses";
import type { Row } from "./rows";
import { LookingAtTrash, LookRefused, OldestOnly } from "./selection-parts";
import { useDesk, type WholeSet } from "./use-desk";
import { usePreview } from "./use-preview";

const FORM = "purge";
const NOTE_MAX = 500;

type Chosen = readonly Row[] | WholeSet;

const isRows = (chosen: Chosen): chosen is readonly Row[] => Array.isArray(chosen);
const setOf = (chosen: Chosen): TrashSet =>
  isRows(chosen) ? { items: chosen.map(({ type, id, deletedAt }) => ({ type, id, deletedAt })) } : chosen;

/**
 * Asks before items are purged, or all of Trash, or all that matches: shows what the server foresees, and wants it typed.
 * What is purged is what was shown, in the state in which it was shown; once anything of it has changed nothing happens,
 * and the dialog shows what did. While it cannot be foreseen, it cannot be purged.
 */
export function PurgeDialog({ chosen, onClose }: { chosen: Chosen; onClose: () => void }) {
  const t = useTranslations("trash");
  const common = useTranslations("common");
  const router = useRouter();
  const { workspaceSlug, rows: listed, tell } = useDesk();
  const [rows, setRows] = useState(isRows(chosen) ? chosen : null);
  const { look, again } = usePreview(setOf(chosen));
  const [typed, setTyped] = useState("");
  const [note, setNote] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [tooOld, setTooOld] = useState<string | null>(null);
  const [unknown, setUnknown] = useState(false);
  const [pending, startTransition] = useTransition();

  const preview = look.state === "ready" ? look.preview : null;
  const only = preview?.items === 1 ? preview.first[0] : undefined;
  const wanted = only ? only.name : String(preview?.items ?? "");
  const fits = only ? normalizeName(typed) === normalizeName(wanted) : typed.normalize("NFKC").trim() === wanted;
  const nothing = preview?.items === 0;
  const title = !rows
    ? t(chosen === "all" ? "purge.titleAll" : "purge.titleMatching")
    : rows.length === 1
      ? t("purge.titleOne", { label: rows[0]!.label })
      : t("purge.titleMany", { count: rows.length });

  /** At what is still there of the rows, as the page, fetched anew, lists it. */
  function lookAgain(): void {
    setTyped("");
    const left = rows && listed.filter((row) => rows.some(({ id }) => id === row.id));
    if (left?.length === 0) return onClose();
    setRows(left);
    again(left ? setOf(left) : setOf(chosen));
  }

  function purge(): void {
    if (!fits || pending || !preview) return;
    startTransition(async () => {
      const answer = await startPurgeAction({
        workspaceSlug,
        previewId: preview.id,
        confirm: typed,
        note,
      }).catch(() => null);
      if (!answer) return setUnknown(true);
      if (!answer.ok) {
        if (answer.error.code === "stale_selection") {
          setTooOld(answer.error.details["reason"] === "too_old" ? answer.error.message : null);
          return lookAgain();
        }
        return setError(answer.error.message);
      }
      const { data } = answer;
      onClose();
      if (!data.ended) return router.push(activityHref(workspaceSlug, data.id));
      tell(data, {
        all: only ? t("purged", { label: rows?.[0]?.label ?? only.name }) : t("purgedMany", { count: data.done }),
        some: t("purgedPartly", { done: data.done, count: data.items }),
      });
    });
  }

  return (
    <AlertDialog open onOpenChange={(open) => !open && !pending && onClose()}>
      <AlertDialogContent
        title={<span className="break-words">{title}</span>}
        description={<p>{t(chosen === "all" ? "purge.lostAll" : "purge.lost")}</p>}
        cancel={common(unknown || nothing ? "close" : "cancel")}
        cancelDisabled={pending}
        act={
          unknown || nothing ? null : (
            <Button variant="danger" type="submit" form={FORM} pending={pending} disabled={!preview || !fits}>
              {t(chosen === "all" ? "emptyTrash" : "deletePermanently")}
            </Button>
          )
        }
      >
        {unknown ? (
          <Callout tone="warn" announce>
            {t.rich("purge.unknown", {
              activity: (words) => <TextLink href={activityHref(workspaceSlug)}>{words}</TextLink>,
            })}
          </Callout>
        ) : null}
        {tooOld ? (
          <Callout tone="warn" announce>
            {tooOld}
          </Callout>
        ) : null}
        {look.state === "refused" ? <LookRefused message={look.message} onAgain={lookAgain} /> : null}
        {look.state === "loading" ? <LookingAtTrash /> : null}
        {nothing ? <p>{t("empty")}</p> : null}
        {preview?.changes ? <Changes changes={preview.changes} /> : null}
        {preview && !nothing ? <Losses preview={preview} /> : null}
        {preview?.more ? <OldestOnly count={preview.items} /> : null}
        <p className="font-medium">{t("purge.cannotBeUndone")}</p>
        <form
          id={FORM}
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            purge();
          }}
          hidden={!preview || nothing || unknown}
        >
          <Field label={t("purge.note")}>
            {(control) => (
              <Input {...control} value={note} maxLength={NOTE_MAX} onChange={({ target }) => setNote(target.value)} />
            )}
          </Field>
          <Field
            label={
              only ? t("purge.typeName", { type: only.type }) : t("purge.typeNumber", { count: preview?.items ?? 0 })
            }
            description={only && isOddName(only.name) ? common("oddName") : undefined}
            error={error}
          >
            {(control) => (
              <>
                {only ? <ExactName name={wanted} copyLabel={t("purge.copyName")} /> : null}
                <Input
                  {...control}
                  value={typed}
                  autoComplete="off"
                  autoCapitalize="off"
                  spellCheck={false}
                  inputMode={only ? "text" : "numeric"}
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
