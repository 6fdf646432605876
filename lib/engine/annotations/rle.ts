import type { Edges } from "@/lib/engine/annotations/collector";

/** A mask as COCO writes it: how many pixels are out of it, in it, out of it …, down the columns, from the left. */
export interface Rle {
  /** Numbers, or what pycocotools packs them into. */
  counts: readonly number[] | string;
  /** [height, width] in pixels. */
  size: readonly [number, number];
}

/** The box around a mask's pixels; null for one without any, and for counts that cannot be meant. */
export function edgesOfMask({ counts, size: [height, width] }: Rle): Edges | null {
  const runs = typeof counts === "string" ? unpack(counts) : counts;
  if (!runs) return null;
  const edges = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  let at = 0;
  for (const [index, run] of runs.entries()) {
    if (!Number.isInteger(run) || run < 0) return null;
    const end = at + run;
    if (end > height * width) return null;
    if (index % 2 === 1 && run > 0) {
      const [first, last] = [Math.floor(at / height), Math.floor((end - 1) / height)];
      edges.left = Math.min(edges.left, first);
      edges.right = Math.max(edges.right, last + 1);
      // a run over the foot of a column begins at the head of the next
      edges.top = Math.min(edges.top, first === last ? at % height : 0);
      edges.bottom = Math.max(edges.bottom, first === last ? ((end - 1) % height) + 1 : height);
    }
    at = end;
  }
  return edges.right > edges.left ? edges : null;
}

/**
 * pycocotools' packing: numbers of five bits a character from "0" up, the lowest first, the sixth bit says that more follow and
 * the last's highest is the sign; from the third on, each is the difference from the one before the last. null: it is none.
 */
function unpack(text: string): number[] | null {
  const runs: number[] = [];
  for (let at = 0; at < text.length;) {
    let [value, shift, more] = [0, 0, true];
    while (more) {
      const bits = text.charCodeAt(at) - 48;
      at += 1;
      if (!(bits >= 0 && bits < 64) || shift > 30) return null;
      value += (bits & 0x1f) * 2 ** shift;
      more = (bits & 0x20) !== 0;
      shift += 5;
      if (!more && (bits & 0x10) !== 0) value -= 2 ** shift;
    }
    runs.push(runs.length > 2 ? value + runs[runs.length - 2]! : value);
  }
  return runs;
}
