"use client";

import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { useEffect, useMemo, useRef, useState, useTransition, type ReactNode } from "react";
import { toast, toastError } from "@/app/_ui/toast";
import { restoreItemsAction } from "./actions";
import type { Row } from "./rows";
import { DeskContext, type Desk, type Failures, type Question, type Result, type TrashFacts } from "./use-desk";

const PurgeDialog = dynamic(async () => (await import("./purge-dialog")).PurgeDialog, { ssr: false });
const RestoreAllDialog = dynamic(async () => (await import("./restore-all-dialog")).RestoreAllDialog, { ssr: false });
const FailuresDialog = dynamic(async () => (await import("./failures-dialog")).FailuresDialog, { ssr: false });

const NOTHING: ReadonlySet<string> = new Set();

/** What the rows of Trash share: which are chosen, what is being done to them, the dialogs, and where focus goes after a row has left. */
export function TrashDesk({ facts, rows, children }: { facts: TrashFacts; rows: readonly Row[]; children: ReactNode }) {
  const t = useTranslations("trash");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(NOTHING);
  const [restoring, setRestoring] = useState<ReadonlySet<string>>(NOTHING);
  const [question, setQuestion] = useState<Question | null>(null);
  const [failures, setFailures] = useState<Failures | null>(null);
  const [, startTransition] = useTransition();
  const next = useFocusAfter(rows, question !== null || failures !== null);

  const desk = useMemo<Desk>(() => {
    const present = new Set(rows.map((row) => row.id));
    const selected = new Set([...chosen].filter((id) => present.has(id)));

    function report(
      results: readonly Result[],
      said: (done: readonly Row[]) => string,
      partly: (done: number) => string,
    ): void {
      const rowOf = new Map(rows.map((row) => [row.id, row]));
      const label = ({ id, name }: Result): string => rowOf.get(id)?.label ?? name;
      const list = results.flatMap((result) =>
        result.reason === null ? [] : [{ label: label(result), reason: result.reason }],
      );
      const done = results.flatMap((result) =>
        result.reason === null ? [rowOf.get(result.id)].filter((row) => row !== undefined) : [],
      );
      if (list.length === 0) toast(said(done));
      else if (results.length === 1) toastError(t("failed", list[0]!));
      else setFailures({ title: partly(results.length - list.length), list });
    }

    function restore(items: readonly Row[], from?: string): void {
      const ids = items.map((row) => row.id);
      next.after(from ?? ids[0] ?? null, ids);
      setRestoring((before) => new Set([...before, ...ids]));
      startTransition(async () => {
        const answer = await restoreItemsAction({
          workspaceSlug: facts.workspaceSlug,
          items: items.map(({ type, id, name, projectId, number }) => ({ type, id, name, projectId, number })),
        });
        setRestoring((before) => new Set([...before].filter((id) => !ids.includes(id))));
        if (!answer.ok) return toastError(answer.error.message);
        const one = items.length === 1 ? items[0] : undefined;
        const said = () => (one ? t("restored", { label: one.label }) : t("restoredMany", { count: items.length }));
        report(answer.data, said, (done) => t("restoredPartly", { done, count: items.length }));
      });
    }

    return {
      ...facts,
      rows,
      selected,
      restoring,
      restore,
      report,
      select: (ids, on) =>
        setChosen((before) => new Set(on ? [...before, ...ids] : [...before].filter((id) => !ids.includes(id)))),
      ask: (asked) => {
        const ids = asked.kind === "purge" ? asked.rows.map((row) => row.id) : [];
        next.after(ids[0] ?? null, ids);
        setQuestion(asked);
      },
    };
  }, [facts, rows, chosen, restoring, next, t]);

  const close = () => setQuestion(null);
  return (
    <DeskContext value={desk}>
      {children}
      {question?.kind === "restore-all" ? <RestoreAllDialog onClose={close} onFailures={setFailures} /> : null}
      {question && question.kind !== "restore-all" ? (
        <PurgeDialog chosen={question.kind === "purge" ? question.rows : null} onClose={close} />
      ) : null}
      {failures ? <FailuresDialog {...failures} onClose={() => setFailures(null)} /> : null}
    </DeskContext>
  );
}

/**
 * Where focus goes when what had it is gone: to the control that asked, if it is still there; else to the row it was in,
 * the row that took its place, the one before it, or the page's heading. It never takes focus from where somebody put it.
 */
function useFocusAfter(
  rows: readonly Row[],
  busy: boolean,
): { after: (from: string | null, leaving: readonly string[]) => void } {
  const wanted = useRef<{
    origin: Element | null;
    from: string | null;
    order: string[];
    leaving: readonly string[];
  } | null>(null);
  const order = useRef<string[]>([]);

  useEffect(() => {
    order.current = rows.map((row) => row.id);
    const { current } = wanted;
    if (!current || busy || document.activeElement !== document.body) return;
    // The dialog may close before the page is fetched anew: the row that is about to leave is not where this ends.
    if (current.origin instanceof HTMLElement && current.origin.isConnected) return current.origin.focus();
    const id = current.order.find((each) => document.getElementById(`item-${each}`) !== null);
    const row = id === undefined ? null : document.getElementById(`item-${id}`);
    const target =
      (id === current.from && row?.querySelector<HTMLElement>("[aria-haspopup=menu]")) ||
      row?.querySelector<HTMLElement>("[data-restore]") ||
      document.querySelector<HTMLElement>("h1");
    if (id === undefined || !current.leaving.includes(id)) wanted.current = null;
    if (target instanceof HTMLHeadingElement) target.tabIndex = -1;
    target?.focus();
  }, [rows, busy]);

  return useMemo(
    () => ({
      after: (from, leaving) => {
        const at = from === null ? -1 : order.current.indexOf(from);
        const around = at < 0 ? [] : [...order.current.slice(at), ...order.current.slice(0, at).reverse()];
        // In a menu, the control that asked is gone at once; the row's menu stands for it.
        const inMenu = document.activeElement?.closest("[role=menu]") !== null;
        wanted.current = {
          origin: inMenu ? null : document.activeElement,
          from: inMenu ? from : null,
          order: around,
          leaving,
        };
      },
    }),
    [],
  );
}
