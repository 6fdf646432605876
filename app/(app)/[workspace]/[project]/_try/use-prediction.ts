"use client";

import { useEffect, useState } from "react";
import type { InferenceAnswer } from "@/lib/work/inference/inference";

export interface Refusal {
  code: string;
  message: string;
  /** Of a model in Trash. */
  restorableUntil: string | null;
}

interface Asked {
  /** The last answer; it stays while the next one is on its way. */
  answer: InferenceAnswer | null;
  refusal: Refusal | null;
  pending: boolean;
}

/** What `model` says of `image`, with every class. Another image or model takes the question under way back; null asks nothing. */
export function usePrediction(url: string, model: string, image: Blob | null, unreachable: string): Asked {
  const [settled, setSettled] = useState<{
    image: Blob;
    model: string;
    answer: InferenceAnswer | null;
    refusal: Refusal | null;
  } | null>(null);

  useEffect(() => {
    if (!image) return;
    const controller = new AbortController();
    async function ask(image: Blob): Promise<void> {
      const body = new FormData();
      body.append("file", image, "image");
      const query = new URLSearchParams({ model, confidence: "0" });
      const response = await fetch(`${url}/predict?${query}`, { method: "POST", body, signal: controller.signal });
      if (response.ok) {
        const answer: InferenceAnswer = await response.json();
        return setSettled({ image, model, answer, refusal: null });
      }
      const { code, error, restorableUntil }: { code: string; error: string; restorableUntil?: string } =
        await response.json();
      setSettled({
        image,
        model,
        answer: null,
        refusal: { code, message: error, restorableUntil: restorableUntil ?? null },
      });
    }
    ask(image).catch(
      () =>
        controller.signal.aborted ||
        setSettled({
          image,
          model,
          answer: null,
          refusal: { code: "unreachable", message: unreachable, restorableUntil: null },
        }),
    );
    return () => controller.abort();
  }, [url, model, image, unreachable]);

  if (!image) return { answer: null, refusal: null, pending: false };
  const pending = settled?.image !== image || settled.model !== model;
  return { answer: settled?.answer ?? null, refusal: pending ? null : settled.refusal, pending };
}
