"use client";

import { useTranslations } from "next-intl";
import { useEffect, useState } from "react";
import type { TrashSet } from "@/lib/domain/trash";
import { previewPurgeAction } from "./actions";
import { useDesk } from "./use-desk";

type Answer = Awaited<ReturnType<typeof previewPurgeAction>>;
export type Preview = Extract<Answer, { ok: true }>["data"];

/** What a purge would lose, once the server has told. */
export type Look =
  { state: "loading" } | { state: "ready"; preview: Preview } | { state: "refused"; code: string; message: string };

const LOADING: Look = { state: "loading" };

/** Has a purge of this foreseen, when the dialog opens and whenever `again` is called: then with what changed since the last look. */
export function usePreview(set: TrashSet): { look: Look; again: (set: TrashSet) => void } {
  const t = useTranslations("trash");
  const { workspaceSlug } = useDesk();
  const [asked, setAsked] = useState<{ set: TrashSet; since: string | undefined }>({ set, since: undefined });
  const [found, setFound] = useState<{ asked: object; look: Look } | null>(null);
  const failed = t("lookFailed");

  useEffect(() => {
    let current = true;
    const input = {
      workspaceSlug,
      set: asked.set !== "all" && "items" in asked.set ? { items: [...asked.set.items] } : asked.set,
      since: asked.since,
    };
    previewPurgeAction(input).then(
      (answer) => {
        if (!current) return;
        const look: Look = answer.ok
          ? { state: "ready", preview: answer.data }
          : { state: "refused", code: answer.error.code, message: answer.error.message };
        setFound({ asked, look });
      },
      () => current && setFound({ asked, look: { state: "refused", code: "unreachable", message: failed } }),
    );
    return () => void (current = false);
  }, [asked, workspaceSlug, failed]);

  const look = found?.asked === asked ? found.look : LOADING;
  const last = found?.look.state === "ready" ? found.look.preview.id : asked.since;
  return { look, again: (next) => setAsked({ set: next, since: last }) };
}
