import type { Split } from "@/lib/platform/generated/enums";

/**
 * What images are for: each split under the name that files, the API and the pages give it, with its value in an image's
 * row. Imports nothing but a type, so that a page in the browser can list them.
 */
export const SPLITS = { train: "TRAIN", valid: "VALID", test: "TEST" } as const satisfies Record<string, Split>;

export type SplitName = keyof typeof SPLITS;

/** In the order in which they are listed. */
export const SPLIT_NAMES = ["train", "valid", "test"] as const satisfies readonly SplitName[];

export const NAME_OF_SPLIT = { TRAIN: "train", VALID: "valid", TEST: "test" } as const satisfies Record<
  Split,
  SplitName
>;

/** What tools call the splits. */
export const SPLIT_WORDS = {
  train: "train",
  training: "train",
  valid: "valid",
  val: "valid",
  validation: "valid",
  test: "test",
  testing: "test",
} as const satisfies Record<string, SplitName>;

const BY_WORD: ReadonlyMap<string, SplitName> = new Map(Object.entries(SPLIT_WORDS));

/** The split that a word means, as tools write it: `val` is valid. null: none. */
export const parseSplitName = (word: string): SplitName | null => BY_WORD.get(word.toLowerCase()) ?? null;

/** The same counts under the splits' names. */
export const countsByName = ({ TRAIN, VALID, TEST }: Record<Split, number>): Record<SplitName, number> => ({
  train: TRAIN,
  valid: VALID,
  test: TEST,
});
