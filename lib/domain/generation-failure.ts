/** Why a version could not be generated: a word that pages translate. */
const FAILURE_REASONS = [
  "cancelled", // by somebody
  "trashed", // its version went to Trash
  "worker_lost", // three workers in a row ended without getting on
  "unreadable_image", // the detail is the image's file name
  "no_images", // of a zip, none could be taken
  "storage", // the blob store refused; the detail is its error's code
  "internal",
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

/** The reason as stored; what is not known any more is `internal`, and null stays null. */
export function parseFailureReason(stored: string | null): FailureReason | null {
  return stored === null ? null : (FAILURE_REASONS.find((reason) => reason === stored) ?? "internal");
}

/** Why, in English, as the end of "Version 3 could not be generated: …". */
export function describeFailure(stored: string | null, detail: string | null): string {
  switch (parseFailureReason(stored)) {
    case "cancelled":
      return "it was cancelled";
    case "trashed":
      return "it was cancelled when it was moved to Trash";
    case "worker_lost":
      return "the worker ended three times before it was done";
    case "unreadable_image":
      return `the image "${detail ?? ""}" cannot be read`;
    case "no_images":
      return "none of its images can be used";
    case "storage":
      return "the file storage could not be used";
    case "internal":
    case null:
      return "something went wrong on our side";
  }
}
