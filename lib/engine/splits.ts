/** What images are for, in the order in which they are dealt, listed and laid out. */
export const SPLITS = ["train", "valid", "test"] as const;

export type Split = (typeof SPLITS)[number];
