import type { Found, Head } from "@/lib/engine/onnx/heads";
import type { InputForm } from "@/lib/engine/onnx/input";

/** What was found out about an ONNX file when it was handed in: all that is needed to ask it again. Stored as JSON. */
export interface OnnxModel {
  head: Head;
  input: InputForm;
  /** An input that wants to be told the size of the image; null: there is none. */
  sizes: string | null;
  /** Each class's name, by its number. A head that does not say how many it has may find others. */
  classes: string[];
  opset: number;
  producer: string;
}

export interface Asked {
  /** The least that a box must have, 0 to 1. */
  confidence: number;
  /** The most that a box may cover of a more confident one of its class: intersection over union, 0 to 1. */
  overlap: number;
}

/** Boxes in pixels of the image as people see it, the most confident first; or each class's confidence. */
export type Answer = { image: { width: number; height: number } } & (
  { kind: "boxes"; boxes: Found[] } | { kind: "classes"; confidences: number[] }
);
