import { DomainError, isBusy, type ErrorCode, type ErrorDetails } from "@/lib/domain/errors";
import type { ErrorForm } from "./operation";

/**
 * The HTTP status of every refusal. A missing scope is 401 and things in Trash or purged are 404, because the official
 * client makes its exit codes, and its look into Trash, of exactly these.
 */
export const STATUS_OF = {
  unauthorized: 401,
  missing_scope: 401,
  forbidden: 403,
  invalid_request: 400,
  invalid_input: 422,
  not_found: 404,
  not_supported: 404,
  in_trash: 404,
  project_in_trash: 404,
  purged: 404,
  generation_failed: 404,
  model_in_trash: 404,
  not_in_trash: 404,
  name_mismatch: 409,
  stale_selection: 409,
  parent_in_trash: 409,
  training_active: 409,
  not_servable: 409,
  not_trainable: 409,
  not_running: 409,
  several_runs: 409,
  not_ready: 409,
  already_exists: 409,
  last_owner: 409,
  quota_exceeded: 402,
  export_failed: 409,
  nothing_to_generate: 409,
  unreadable_image: 422,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  busy: 503,
  not_configured: 503,
  internal: 500,
} as const satisfies Record<ErrorCode, number>;

const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = { busy: 5, rate_limited: 5 };

interface ErrorBody {
  code: ErrorCode;
  requestId: string;
  [detail: string]: ErrorDetails[string] | { message: string; code: ErrorCode };
}

/** `error` says what is the matter and what to do next. */
export type ErrorAnswer = ErrorBody &
  ({ error: string } | { error: { message: string; code: ErrorCode }; message: string });

/** A refusal as it goes over the wire; the details stand beside the sentence and never cover it. */
export function presentError(
  problem: DomainError,
  requestId: string,
  form: ErrorForm = "sentence",
): { status: number; body: ErrorAnswer; headers: Record<string, string> } {
  const { code, publicMessage: message, details } = problem;
  const seconds = RETRY_AFTER_SECONDS[code];
  return {
    status: STATUS_OF[code],
    body: {
      ...details,
      ...(form === "object" ? { error: { message, code }, message } : { error: message }),
      code,
      requestId,
    },
    headers: seconds === undefined ? {} : { "Retry-After": String(seconds) },
  };
}

/**
 * Any error as a refusal: a domain error as it is, a database that is locked, full or away as `busy`, everything else
 * as `internal`, whose sentence tells nothing of the cause.
 */
export function toProblem(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (isBusy(error))
    return new DomainError(
      "busy",
      "The database cannot answer right now. Look whether what you asked for was done, and try again in a few seconds.",
      {},
      { cause: error },
    );
  return new DomainError(
    "internal",
    "Something went wrong on our side. Try again; if it stays, tell whoever runs this server the requestId.",
    {},
    { cause: error },
  );
}
