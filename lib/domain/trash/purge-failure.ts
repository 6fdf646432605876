import { isBusy } from "@/lib/domain/errors";
import { sqlState } from "@/lib/platform/db";

/** Why a purge failed, as words that pages and the API have sentences for. */
export const PURGE_FAILURES = [
  "database_full",
  "database_away",
  "deadlock",
  "still_referred",
  "store",
  "internal",
] as const;
export type PurgeFailure = (typeof PURGE_FAILURES)[number];

export interface FailureReason {
  reason: PurgeFailure;
  /** The database's or the system's own code, for whoever looks further. */
  detail: string | null;
}

const sentences: Record<PurgeFailure, string> = {
  database_full: "The database has no room left. Give it more; the next run tries again.",
  database_away: "The database was away or too busy. The next run tries again.",
  deadlock: "It collided with something that was done to it at the same moment. The next run tries again.",
  still_referred: "Something in the database still refers to it. The server's log says what.",
  store: "The store did not answer. The next run tries again.",
  internal: "Something unexpected went wrong. The server's log has it.",
};

/** The same for people who read English. */
export const sentenceOfFailure = (reason: PurgeFailure): string => sentences[reason];

const STATES: readonly [RegExp, PurgeFailure][] = [
  [/^53[12]00$/, "database_full"],
  [/^(40P01|40001)$/, "deadlock"],
  [/^23(503|001)$/, "still_referred"],
];

/** In a word why something failed; never with a path, a host or a statement, which are the log's. */
export function explainFailure(error: unknown): FailureReason {
  const state = sqlState(error);
  if (state !== null) {
    const known = STATES.find(([pattern]) => pattern.test(state))?.[1];
    return { reason: known ?? (isBusy(error) ? "database_away" : "internal"), detail: state };
  }
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
  if (isBusy(error)) return { reason: "database_away", detail: code };
  const meta = error instanceof Error && "$metadata" in error;
  const name = error instanceof Error && error.name !== "Error" ? error.name : null;
  return { reason: meta ? "store" : "internal", detail: code ?? name };
}
