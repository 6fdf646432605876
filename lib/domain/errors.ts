import { sqlState } from "@/lib/platform/db";

/** Every way an operation can be refused. The edge maps each to an HTTP status; the domain knows none. */
export const ERROR_CODES = [
  "unauthorized", // no key or session, or one that is not valid
  "missing_scope", // the key is valid, but may not do this
  "forbidden", // the session's role may not do this
  "invalid_request", // the request cannot be understood
  "invalid_input", // understood, but a value is not acceptable
  "not_found", // absent, or not yours
  "not_supported", // the hosted service has it, this server does not
  "in_trash", // hidden until it is restored
  "project_in_trash", // hidden until its project is restored
  "purged", // gone for good; a receipt says when and why
  "generation_failed", // the version never came to be
  "model_in_trash", // the model serves again after a restore
  "not_in_trash", // there is nothing to restore
  "parent_in_trash", // restore the parent first
  "name_mismatch", // the name typed to confirm is not the item's
  "stale_selection", // what was seen is too old to act on, or not so any more: look again
  "training_active", // stop or cancel it first
  "not_servable", // the model's weights are of no kind that this server can serve
  "not_trainable", // our own trainer could learn nothing from it
  "not_running", // no training is under way
  "several_runs", // more than one is: name it
  "not_ready", // the version has no images yet
  "already_exists",
  "last_owner", // a workspace keeps at least one owner
  "quota_exceeded",
  "export_failed", // the download could not be made
  "nothing_to_generate", // the project has no images, or the settings leave none
  "unreadable_image", // not an image that can be used: another format, broken, too many pixels
  "method_not_allowed",
  "payload_too_large",
  "unsupported_media_type",
  "rate_limited",
  "busy", // somebody else holds what this needs; try again
  "not_configured", // the server lacks a setting for this
  "internal",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Facts for the caller beside the sentence; plain JSON. */
export type ErrorDetails = Record<string, string | number | boolean | null>;

/**
 * An operation that was refused. Thrown, so that its transaction rolls back.
 * `publicMessage` is written for the person who asked: what is the matter and what to do next.
 */
export class DomainError extends Error {
  override readonly name = "DomainError";
  constructor(
    readonly code: ErrorCode,
    readonly publicMessage: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(`${code}: ${publicMessage}`, options);
  }
}

const UNIQUE_VIOLATION = "23505";

/** Runs a write and turns the database's "there is one already" into `already_exists` with that sentence. */
export async function refuseDuplicate<T>(sentence: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (sqlState(error) === UNIQUE_VIOLATION) throw new DomainError("already_exists", sentence, {}, { cause: error });
    throw error;
  }
}

/** Lock timeout, deadlock, cancelled statement, failed serialization; and, by class, connections (08), resources (53), shutdown (57P). */
const BUSY_STATE = /^(55P03|40P01|40001|57014|08...|53...|57P..)$/;
const BUSY_CODE =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|EPIPE|P1001|P1002|P1008|P1017|P2024|P2028)$/;
/** pg gives these no code. */
const BUSY_MESSAGE =
  /timeout exceeded when trying to connect|connection terminated|client has encountered a connection error|can't reach database server|databasenotreachable/i;

/** Whether something is only locked, full or away for now, so that trying again later may do. A commit whose answer was lost is among them. */
export function isBusy(error: unknown): boolean {
  if (error instanceof DomainError) return error.code === "busy";
  for (let e = error, depth = 0; e instanceof Error && depth < 5; e = e.cause, depth++) {
    if (BUSY_STATE.test(sqlState(e) ?? "") || BUSY_MESSAGE.test(e.message)) return true;
    if ("code" in e && typeof e.code === "string" && BUSY_CODE.test(e.code)) return true;
  }
  return false;
}
