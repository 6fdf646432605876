import type { ImageDecodeError } from "@/lib/engine/decode";
import type { Answer, Asked, OnnxModel } from "@/lib/engine/onnx/model";

/*
 * What a server and a model's process say to each other, over Node's IPC channel with "advanced" serialization (bytes stay
 * bytes): a request at a time, each answered once. The child begins with "ready".
 */

export type ToChild =
  | { type: "inspect"; file: string; json: string | null }
  | { type: "open"; file: string; model: OnnxModel }
  | { type: "ask"; image: Uint8Array; asked: Asked };

export type ToParent =
  | { type: "ready" }
  | { type: "inspected"; model: OnnxModel }
  | { type: "opened" }
  | { type: "answered"; answer: Answer }
  /** The model is at fault. */
  | { type: "refused"; message: string }
  /** The image is. */
  | { type: "unreadable"; message: string; why: ImageDecodeError["why"] };
