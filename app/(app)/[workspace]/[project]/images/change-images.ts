import type { ImageFilter } from "../_images/image-filters";
import type { Change } from "./selection-bar";

/** The most that the server takes by id in one call. */
const IDS_MAX = 1_000;

/** Gives images another class or split. `sentence`: what the server said against it, null when it did not answer. */
export async function changeImages(
  url: string,
  target: Target,
  change: Change,
): Promise<{ ok: true } | { ok: false; sentence: string | null }> {
  if ("filter" in target) return told(await send("PATCH", url, { ...change, ...whichOf(target) }));
  for (let at = 0; at < target.imageIds.length; at += IDS_MAX) {
    const result = told(await send("PATCH", url, { ...change, imageIds: target.imageIds.slice(at, at + IDS_MAX) }));
    if (!result.ok) return result;
  }
  return { ok: true };
}

/** Moves images to Trash, as one item; null: they were there already. */
export async function removeImages(
  url: string,
  target: Target,
  note: string,
): Promise<{ ok: true; removed: { id: string; images: number } | null } | Refused> {
  const answer = await send("DELETE", url, { ...whichOf(target), note });
  if (!answer.ok) return answer;
  const { outcome, id, images } = answer.body as { outcome: string; id: string; images: number };
  return { ok: true, removed: outcome === "trashed" ? { id, images } : null };
}

type Target = { imageIds: string[] } | { filter: ImageFilter };
interface Refused {
  ok: false;
  sentence: string | null;
}

function whichOf(target: Target): Record<string, unknown> {
  if (!("filter" in target)) return target;
  const { split, label, unlabelled, tag, batch } = target.filter;
  return {
    filter: {
      ...(split === null ? {} : { split }),
      ...(label === null ? {} : { label }),
      ...(unlabelled ? { unannotated: true } : {}),
      ...(tag === null ? {} : { tag }),
      ...(batch === null ? {} : { batch }),
    },
  };
}

const told = (answer: Awaited<ReturnType<typeof send>>): { ok: true } | Refused => (answer.ok ? { ok: true } : answer);

async function send(
  method: "PATCH" | "DELETE",
  url: string,
  body: unknown,
): Promise<{ ok: true; body: unknown } | Refused> {
  try {
    const response = await fetch(`${url}/images`, {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer: unknown = await response.json();
    if (response.ok) return { ok: true, body: answer };
    return { ok: false, sentence: (answer as { error?: string }).error ?? null };
  } catch {
    return { ok: false, sentence: null };
  }
}
