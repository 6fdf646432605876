import type { MarkedBox } from "./boxes";

/** What is on an image: its class, or the classes of its boxes, each once; null where it has neither. */
export function labelOf({ label, boxes }: { label: string | null; boxes: readonly MarkedBox[] }): string | null {
  if (label !== null || boxes.length === 0) return label;
  return [...new Set(boxes.map((box) => box.label))].join(", ");
}
