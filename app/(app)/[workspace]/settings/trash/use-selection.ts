"use client";

import { useTranslations } from "next-intl";
import { useEffect, useState } from "react";
import { freezeTrashAction } from "./actions";
import { useDesk, type WholeSet } from "./use-desk";

/** What a dialog asks about, once the server has frozen it. */
export type Selection =
  | { state: "loading" }
  | { state: "ready"; id: string; items: number; more: boolean }
  | { state: "refused"; message: string };

const LOADING: Selection = { state: "loading" };

/**
 * Freezes what a dialog asks about when it opens: its act takes that and nothing else. `again` looks once more; `refuse` says why
 * the act was refused.
 */
export function useSelection(set: WholeSet): {
  selection: Selection;
  again: () => void;
  refuse: (message: string) => void;
} {
  const t = useTranslations("trash");
  const { workspaceSlug } = useDesk();
  const [look, setLook] = useState({});
  const [found, setFound] = useState<{ look: object; selection: Selection } | null>(null);

  const failed = t("lookFailed");
  useEffect(() => {
    let current = true;
    freezeTrashAction({ workspaceSlug, set }).then(
      (answer) => {
        if (!current) return;
        const selection: Selection = answer.ok
          ? { state: "ready", ...answer.data }
          : { state: "refused", message: answer.error.message };
        setFound({ look, selection });
      },
      () => current && setFound({ look, selection: { state: "refused", message: failed } }),
    );
    return () => void (current = false);
  }, [look, set, workspaceSlug, failed]);

  return {
    selection: found?.look === look ? found.selection : LOADING,
    again: () => setLook({}),
    refuse: (message) => setFound({ look, selection: { state: "refused", message } }),
  };
}
