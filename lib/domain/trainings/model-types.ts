import { DomainError } from "@/lib/domain/errors";

/** What our own trainer makes; everything else waits for a trainer elsewhere. */
export const EMBEDDED_MODEL_TYPE = "hog-mlp";
/** The same in the official client's words: it knows a classifier by the "cls" in its type. */
export const EMBEDDED_MODEL_TYPE_CLS = "hog-mlp-cls";

const MODEL_TYPE = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Throws `invalid_input`. */
export function assertModelType(modelType: string): void {
  if (!MODEL_TYPE.test(modelType))
    throw new DomainError("invalid_input", "A model type has lower-case letters, digits, dots and dashes.", {
      field: "modelType",
    });
}
