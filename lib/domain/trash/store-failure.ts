/**
 * What a program reads of a store that failed, on a receipt that is to be tried again; the log has the rest, paths and hosts
 * included. readStoreFailure reads it back, for pages that say it in another language.
 */
export function sentenceOfStoreFailure(error: unknown): string {
  const { why, advice } = explain(error);
  const code = codeOf(error);
  return `${why}${code === null ? "" : ` (${code})`}.${advice} It is tried again by itself.`;
}

export type StoreFailureKind =
  "refused" | "silent" | "busy" | "unreachable" | "absent" | "blocked" | "disk" | "unknown" | "stillThere";

/** What is said when nothing failed, and something is there nevertheless. */
export const STILL_THERE = "A read-back still found files; removing them again.";

/** What a receipt's sentence says: the kind, and the store's or system's own word, if it gave one. */
export function readStoreFailure(sentence: string): { kind: StoreFailureKind; code: string | null } {
  if (sentence === STILL_THERE) return { kind: "stillThere", code: null };
  const [, why, code = null] = /^(.*?)(?: \((.+?)\))?\./.exec(sentence) ?? [];
  const found = KINDS.find(([, explanation]) => explanation.why === why);
  return { kind: found?.[1].kind ?? "unknown", code };
}

interface Explanation {
  kind: StoreFailureKind;
  why: string;
  /** What somebody has to do, with a space before it; "" when the store gets well by itself. */
  advice: string;
}

const KINDS: readonly [RegExp, Explanation][] = [
  [
    /^(AccessDenied|Forbidden|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|EACCES|EPERM|EROFS|403)$/,
    {
      kind: "refused",
      why: "The store refused to remove the files",
      advice: " Whoever runs this server has to give it the right to.",
    },
  ],
  [
    /^(TimeoutError|RequestTimeout|RequestTimeTooSkewed|ETIMEDOUT|ESOCKETTIMEDOUT)$/,
    { kind: "silent", why: "The store did not answer in time", advice: "" },
  ],
  [
    /^(SlowDown|ThrottlingException|TooManyRequests|ServiceUnavailable|InternalError|EBUSY|EMFILE|503|500|429)$/,
    { kind: "busy", why: "The store was too busy", advice: "" },
  ],
  [
    /^(ECONNREFUSED|ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/,
    { kind: "unreachable", why: "The store could not be reached", advice: "" },
  ],
  [
    /^(NoSuchBucket|NoSuchStore)$/,
    { kind: "absent", why: "The store is not there", advice: " Its disk may not be mounted, or its bucket is gone." },
  ],
  [
    /^(ENOTDIR|EEXIST|ENOTEMPTY|ELOOP|EISDIR)$/,
    {
      kind: "blocked",
      why: "Something is in the way where the files lie",
      advice: " Whoever runs this server has to look; the log says where.",
    },
  ],
  [
    /^(EIO|ENOSPC|EDQUOT)$/,
    { kind: "disk", why: "The store's disk failed", advice: " Whoever runs this server has to look at it." },
  ],
];

const OTHERWISE: Explanation = {
  kind: "unknown",
  why: "The store did not remove the files",
  advice: " The server's log says why.",
};

const explain = (error: unknown): Explanation => {
  const names = namesOf(error);
  return KINDS.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1] ?? OTHERWISE;
};

/** An object store's errors have a name and a status, a system's a code. */
function namesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { code, $metadata } = error as Error & { code?: unknown; $metadata?: { httpStatusCode?: number } };
  return [code, error.name, $metadata?.httpStatusCode]
    .filter((name) => typeof name === "string" || typeof name === "number")
    .map(String);
}

function codeOf(error: unknown): string | null {
  const [first] = namesOf(error).filter((name) => !["Error", "Unknown", "UnknownError"].includes(name));
  return first ?? null;
}
