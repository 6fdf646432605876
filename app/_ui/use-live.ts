"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";

const POLL_MS = 1_000;
/** So often in a row nothing may be had, before the page is asked why: whoever just moved a version to Trash is on the way elsewhere. */
const REFUSALS_MAX = 3;

/** What is followed; a constant of its module, since a new one begins anew. */
export interface Following<Live> {
  /** Whether there is anything to wait for. */
  isOpen: (live: Live) => boolean;
  /** What an answer says; null when it says that there is nothing to be had. */
  read: (answer: unknown) => Live | null;
  /** Whether the page is to be fetched anew for what it said before. */
  outdates: (live: Live, known: Live) => boolean;
}

/**
 * What the page knows as `known`, asked for anew each second while it is open and somebody looks; what the page fetches
 * later is newer. `reachable`: the last try got an answer.
 */
export function useLive<Live>(
  url: string,
  known: Live,
  { isOpen, read, outdates }: Following<Live>,
): { live: Live; reachable: boolean } {
  const router = useRouter();
  const [found, setFound] = useState<{ over: Live; live: Live } | null>(null);
  const [reachable, setReachable] = useState(true);
  const live = found?.over === known ? found.live : known;
  const open = isOpen(live);

  useEffect(() => {
    if (!open) return;
    const controller = new AbortController();
    let asking = false;
    let refusals = 0;
    async function ask(): Promise<void> {
      if (asking || document.visibilityState !== "visible") return;
      asking = true;
      try {
        const response = await fetch(url, { signal: controller.signal, cache: "no-store" });
        if (response.status >= 500) throw new Error(String(response.status));
        const next = response.ok ? read(await response.json()) : null;
        setReachable(true);
        refusals = next === null ? refusals + 1 : 0;
        if (next === null) return refusals === REFUSALS_MAX ? router.refresh() : undefined;
        setFound({ over: known, live: next });
        if (outdates(next, known)) router.refresh();
      } catch {
        if (!controller.signal.aborted) setReachable(false);
      } finally {
        asking = false;
      }
    }
    const timer = setInterval(() => void ask(), POLL_MS);
    return () => {
      clearInterval(timer);
      controller.abort();
    };
  }, [url, known, open, router, read, outdates]);

  return { live, reachable };
}
