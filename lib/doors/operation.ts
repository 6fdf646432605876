import { z } from "zod";
import type { ErrorCode } from "@/lib/domain/errors";
import type { Permission } from "@/lib/domain/permissions";

/** The official client reads `error` as a sentence everywhere, save for the upload of an image, where it breaks on one. */
export type ErrorForm = "sentence" | "object";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/**
 * Who may call: an API key, with the permissions of which it must hold one ("any" key when there are none); the
 * scheduler, with CRON_SECRET; or everybody. The domain function checks its own permission once more.
 */
export type Caller = { by: "key"; permissions: readonly Permission[] } | { by: "scheduler" } | { by: "everybody" };

/**
 * One operation of the REST API. Its schemas validate what comes in and, outside production, what goes out; the same
 * table makes /api/openapi.json.
 */
export interface Operation<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> {
  id: string;
  tag: string;
  summary: string;
  description?: string;
  method: Method;
  /** Under /api, as OpenAPI writes it. */
  path: `/${string}`;
  caller: Caller;
  /** A path that does not fit is one where nothing exists: 404. */
  params: Params;
  /** A value that does not fit is 422. */
  query: Query;
  /** A body that does not fit is 400. */
  body: Body;
  /** A JSON body may be left out: then it is {}. */
  bodyOptional?: boolean;
  /** The most of a JSON body that is read; 64 kB unless said. */
  bodyBytesMax?: number;
  answer: Answer;
  /** What is answered, with 202, while the work goes on; none: it never does. */
  accepted?: z.ZodType;
  /** Refusals beside those that every operation has. */
  refusals: readonly ErrorCode[];
  /** How every refusal is written: `error` is the sentence, or "object": { message, code }, with both beside it as well. */
  errors?: ErrorForm;
}

export type AnyOperation = Operation<z.ZodObject, z.ZodObject, z.ZodType, z.ZodType>;

export const NOTHING = z.object({});
/** The operation reads no body; one that comes all the same is ignored. */
export const NO_BODY = z.undefined();
/** The handler reads the body itself, as a stream: a form with a file in it. */
export const FORM_BODY = z.undefined().meta({ description: "multipart/form-data" });

/** The handler reads the body itself: an image, in one of three forms. */
export const IMAGE_BODY = z.undefined().meta({ description: "an image" });

/** The handler reads the body itself, as a stream: the bytes of a file. */
export const BYTES_BODY = z.undefined().meta({ description: "the bytes of a file" });

export const readsJson = (operation: AnyOperation): boolean =>
  ![NO_BODY, FORM_BODY, IMAGE_BODY, BYTES_BODY].some((body) => body === operation.body);

/** The operation answers a file. */
export const FILE_ANSWER = z.undefined().meta({ description: "a file" });

/** The operation answers 204, without a body. */
export const EMPTY_ANSWER = z.undefined().meta({ description: "nothing" });

/** An answer with 202: the work has begun and goes on. */
export class Accepted {
  constructor(readonly body: Record<string, unknown>) {}
}

const byKey = (...permissions: Permission[]): Caller => ({ by: "key", permissions });

/** Anybody with a valid key; a key with one of these permissions; the scheduler; everybody. */
export const CALLERS = {
  byKey,
  byScheduler: { by: "scheduler" },
  byEverybody: { by: "everybody" },
} as const satisfies Record<string, Caller | typeof byKey>;

/** Keeps the schemas' types, which an annotation would lose. */
export function defineOperation<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(operation: Operation<Params, Query, Body, Answer>): Operation<Params, Query, Body, Answer> {
  return operation;
}
