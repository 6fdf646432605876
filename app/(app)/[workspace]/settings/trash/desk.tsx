"use client";

import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { useEffect, useMemo, useRef, useState, useTransition, type ReactNode } from "react";
import { toast, toastError } from "@/app/_ui/toast";
import type { TrashedRef } from "@/lib/domain/trash";
import { restoreItemAction } from "../../_deleting/actions";
import { startRestoreAction } from "./actions";
import { activityHref } from "./activity-href";
import { labelOf } from "./label";
import type { Row } from "./rows";
import { DeskContext, type Desk, type Failures, type Question, type Told, type TrashFacts } from "./use-desk";

const PurgeDialog = dynamic(async () => (await import("./purge-dialog")).PurgeDialog, { ssr: false });
const RestoreAllDialog = dynamic(async () => (await import("./restore-all-dialog")).RestoreAllDialog, { ssr: false });
const FailuresDialog = dynamic(async () => (await import("./failures-dialog")).FailuresDialog, { ssr: false });

const NOTHING: ReadonlySet<string> = new Set();

/** What the rows of Trash share: which are chosen, what is being done to them, the dialogs, and where focus goes after a row has left. */
export function TrashDesk({ facts, rows, children }: { facts: TrashFacts; rows: readonly Row[]; children: ReactNode }) {
  const t = useTranslations("trash");
  const common = useTranslations("common");
  const router = useRouter();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(NOTHING);
  const [restoring, setRestoring] = useState<ReadonlySet<string>>(NOTHING);
  const [question, setQuestion] = useState<Question | null>(null);
  const [failures, setFailures] = useState<Failures | null>(null);
  const [, startTransition] = useTransition();
  const next = useFocusAfter(rows, question !== null || failures !== null);

  const desk = useMemo<Desk>(() => {
    const present = new Set(rows.map((row) => row.id));
    const selected = new Set([...chosen].filter((id) => present.has(id)));

    function tell({ left }: Told, { all, some }: { all: string; some: string }): void {
      const labels = new Map(rows.map((row) => [row.id, row.label]));
      const list = left.map(({ item, reason }) => ({ label: labels.get(item.id) ?? labelOf(t, item), reason }));
      if (list.length === 0) toast(all);
      else setFailures({ title: some, list });
    }

    /** One as it is; several as a job, which says of each what came of it. */
    async function act(items: readonly Row[]): Promise<void> {
      const { workspaceSlug } = facts;
      const [one] = items;
      if (one && items.length === 1) {
        const answer = await restoreItemAction({ workspaceSlug, item: refOf(one) }).catch(() => null);
        if (answer?.ok) return toast(t("restored", { label: one.label }));
        return toastError(answer ? t("failed", { label: one.label, reason: answer.error.message }) : common("unknown"));
      }
      const answer = await startRestoreAction({
        workspaceSlug,
        items: items.map(({ type, id, deletedAt }) => ({ type, id, deletedAt })),
      }).catch(() => null);
      if (!answer?.ok) return toastError(answer?.error.message ?? common("unknown"));
      const { data } = answer;
      if (!data.ended) return router.push(activityHref(workspaceSlug, data.id));
      tell(data, {
        all: t("restoredMany", { count: data.done }),
        some: t("restoredPartly", { done: data.done, count: data.items }),
      });
    }

    function restore(items: readonly Row[], from?: string): void {
      const ids = items.map((row) => row.id);
      next.after(from ?? ids[0] ?? null, ids);
      setRestoring((before) => new Set([...before, ...ids]));
      startTransition(async () => {
        await act(items);
        setRestoring((before) => new Set([...before].filter((id) => !ids.includes(id))));
      });
    }

    return {
      ...facts,
      rows,
      selected,
      restoring,
      restore,
      tell,
      select: (ids, on) =>
        setChosen((before) => new Set(on ? [...before, ...ids] : [...before].filter((id) => !ids.includes(id)))),
      ask: (asked) => {
        const ids = asked.kind === "purge" ? asked.rows.map((row) => row.id) : [];
        next.after(ids[0] ?? null, ids);
        setQuestion(asked);
      },
    };
  }, [facts, rows, chosen, restoring, next, t, common, router]);

  const close = () => setQuestion(null);
  return (
    <DeskContext value={desk}>
      {children}
      {question?.kind === "restore-set" ? <RestoreAllDialog set={question.set} onClose={close} /> : null}
      {question?.kind === "purge" ? <PurgeDialog chosen={question.rows} onClose={close} /> : null}
      {question?.kind === "purge-set" ? <PurgeDialog chosen={question.set} onClose={close} /> : null}
      {failures ? <FailuresDialog {...failures} onClose={() => setFailures(null)} /> : null}
    </DeskContext>
  );
}

function refOf({ type, id, projectId, number }: Row): TrashedRef {
  switch (type) {
    case "PROJECT":
      return { type, projectId: id };
    case "VERSION":
      return { type, projectId, number: number ?? 0 };
    case "TRAINING":
      return { type, trainingId: id };
    case "IMAGES":
      return { type, removalId: id };
  }
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
