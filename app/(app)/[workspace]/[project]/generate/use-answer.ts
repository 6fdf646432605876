"use client";

import { useEffect, useState } from "react";

export interface Refusal {
  message: string;
  /** The setting that does not fit, as a path: "preprocessing.resize.width". */
  field: string | null;
}

interface Answered<T> {
  /** The last answer; it stays while the next one is on its way. */
  answer: T | null;
  /** The answer is to the question as it is now. */
  current: boolean;
  refusal: Refusal | null;
}

/**
 * Asks the server what goes with `question`, once it has been the same for `delayMs`; a question that changes takes the
 * one under way back. null asks nothing. `attempt` asks again.
 */
export function useAnswer<T>(
  url: string,
  question: object | null,
  { delayMs, attempt, unreachable }: { delayMs: number; attempt: number; unreachable: string },
): Answered<T> {
  const body = question === null ? null : JSON.stringify(question);
  const key = `${attempt} ${body}`;
  const [settled, setSettled] = useState<{ key: string; answer: T | null; refusal: Refusal | null } | null>(null);

  useEffect(() => {
    if (body === null) return;
    const controller = new AbortController();
    async function ask(): Promise<void> {
      const response = await fetch(url, {
        method: "POST",
        body: body!,
        headers: { "Content-Type": "application/json" },
        signal: controller.signal,
      });
      if (response.ok) {
        const answer: T = await response.json();
        setSettled({ key, answer, refusal: null });
        return;
      }
      const { error, field }: { error: string; field?: string } = await response.json();
      setSettled((before) => ({
        key,
        answer: before?.answer ?? null,
        refusal: { message: error, field: field ?? null },
      }));
    }
    const timer = setTimeout(
      () =>
        void ask().catch(
          () =>
            controller.signal.aborted ||
            setSettled((before) => ({
              key,
              answer: before?.answer ?? null,
              refusal: { message: unreachable, field: null },
            })),
        ),
      delayMs,
    );
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [url, body, key, delayMs, unreachable]);

  const current = settled?.key === key;
  return { answer: settled?.answer ?? null, current, refusal: current ? settled.refusal : null };
}
