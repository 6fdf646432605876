"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import type { TrainingView } from "@/lib/domain/trainings";

const POLL_MS = 1_000;
/** So often in a row nothing may be had, before the page is asked why: whoever just moved the version to Trash is on the way elsewhere. */
const REFUSALS_MAX = 3;

type Instants = "createdAt" | "startedAt" | "endedAt";

/** A training as it comes with the page, or over the wire. */
export type Run = Omit<TrainingView, Instants> & {
  [Instant in Instants]: Date | string | (null extends TrainingView[Instant] ? null : never);
};

export const isOpen = ({ endedAt }: Run): boolean => endedAt === null;

const openIds = (runs: readonly Run[]): string =>
  runs
    .filter(isOpen)
    .map(({ id }) => id)
    .join();

/**
 * The trainings of a version, asked for anew each second while one is open and somebody looks. The page knows them as
 * `known`; where one began or ended it is fetched anew, since models come and go with that. `reachable`: the last try got
 * an answer.
 */
export function useLiveTrainings(url: string, known: readonly Run[]): { runs: readonly Run[]; reachable: boolean } {
  const router = useRouter();
  const [live, setLive] = useState<{ over: readonly Run[]; runs: readonly Run[] } | null>(null);
  const [reachable, setReachable] = useState(true);
  // What the page fetched after it is newer.
  const runs = live?.over === known ? live.runs : known;
  const busy = runs.some(isOpen);

  useEffect(() => {
    if (!busy) return;
    const controller = new AbortController();
    let asking = false;
    let refusals = 0;
    async function ask(): Promise<void> {
      if (asking || document.visibilityState !== "visible") return;
      asking = true;
      try {
        const response = await fetch(url, { signal: controller.signal, cache: "no-store" });
        setReachable(true);
        const { trainings }: { trainings: Run[] | null } = response.ok ? await response.json() : { trainings: null };
        refusals = trainings ? 0 : refusals + 1;
        if (!trainings) return refusals === REFUSALS_MAX ? router.refresh() : undefined;
        setLive({ over: known, runs: trainings });
        if (openIds(trainings) !== openIds(known)) router.refresh();
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
  }, [url, known, busy, router]);

  return { runs, reachable };
}
