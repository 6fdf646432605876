import type { ImageFilter } from "../_images/image-filters";
import type { Change } from "./selection-bar";

/** The most that the server takes by id in one call. */
const IDS_MAX = 1_000;

/** Gives images another class or split. `sentence`: what the server said against it, null when it did not answer. */
export async function changeImages(
  url: string,
  target: { imageIds: string[] } | { filter: ImageFilter },
  change: Change,
): Promise<{ ok: true } | { ok: false; sentence: string | null }> {
  if ("filter" in target) {
    const { split, label, unlabelled, tag, batch } = target.filter;
    return send(url, {
      ...change,
      filter: {
        ...(split === null ? {} : { split }),
        ...(label === null ? {} : { label }),
        ...(unlabelled ? { unannotated: true } : {}),
        ...(tag === null ? {} : { tag }),
        ...(batch === null ? {} : { batch }),
      },
    });
  }
  for (let at = 0; at < target.imageIds.length; at += IDS_MAX) {
    const result = await send(url, { ...change, imageIds: target.imageIds.slice(at, at + IDS_MAX) });
    if (!result.ok) return result;
  }
  return { ok: true };
}

async function send(url: string, body: unknown): Promise<{ ok: true } | { ok: false; sentence: string | null }> {
  try {
    const response = await fetch(`${url}/images`, {
      method: "PATCH",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.ok) return { ok: true };
    const answer: { error?: string } = await response.json();
    return { ok: false, sentence: answer.error ?? null };
  } catch {
    return { ok: false, sentence: null };
  }
}
