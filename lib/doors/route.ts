import { ZodArray, type z } from "zod";
import { authenticateKey } from "@/lib/domain/people";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { authorize, type Permission } from "@/lib/domain/permissions";
import { newId } from "@/lib/platform/id";
import { door, refuse, withoutBody, type Door, type RouteMethod } from "./door";
import { findNotSupported, NOT_SUPPORTED } from "./not-supported";
import { Accepted, EMPTY_ANSWER, readsJson, type Method, type Operation } from "./operation";
import { readJson } from "./request-body";

interface Input<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType> {
  ctx: Context;
  params: z.output<Params>;
  query: z.output<Query>;
  body: z.output<Body>;
  /** For a body that the handler reads itself. */
  request: Request;
}

/**
 * The door of an operation by API key. Checks in this order, each before the next can tell anything: the key (401), the
 * workspace (404), scope and role (401), the path (404), the query (422) and the body (400); then the handler's one
 * domain function looks at what exists. So a key of another workspace learns nothing, whatever it sends.
 */
export function route<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(
  operation: Operation<Params, Query, Body, Answer>,
  handler: (input: Input<Params, Query, Body>) => Promise<z.input<Answer> | Accepted>,
): Door {
  const { caller } = operation;
  if (caller.by !== "key") throw new Error(`${operation.id} is not called with an API key`);
  return door(operation, async ({ request, params, requestId, identify }) => {
    const url = new URL(request.url);
    const ctx = await authenticateKey(readKey(request, url), requestId);
    identify(ctx.actor);
    permit(ctx, caller.permissions, params["workspace"] ?? keyWorkspace(ctx));
    const input = {
      ctx,
      request,
      params: parse(operation.params, params, noSuchPath),
      query: parse(operation.query, readQuery(url.searchParams, operation.query), badQuery),
      body: parse(
        operation.body,
        readsJson(operation)
          ? await readJson(request, operation.bodyBytesMax, { optional: operation.bodyOptional })
          : undefined,
        badBody,
      ),
    };
    const answer = await handler(input);
    if (answer instanceof Accepted) return { status: 202, body: answer.body };
    return { status: operation.answer === (EMPTY_ANSWER as z.ZodType) ? 204 : 200, body: answer };
  });
}

/** What is asked for: of a name that comes more than once the last counts, save where the operation takes a list. */
function readQuery(params: URLSearchParams, { shape }: z.ZodObject): Record<string, unknown> {
  const lists = Object.keys(shape).filter((name) => shape[name] instanceof ZodArray);
  return { ...Object.fromEntries(params), ...Object.fromEntries(lists.map((name) => [name, params.getAll(name)])) };
}

/** The door of an operation that anybody may call: it reads nothing of the request. */
export function publicRoute<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(operation: Operation<Params, Query, Body, Answer>, handler: () => Promise<z.input<Answer>>): Door {
  if (operation.caller.by !== "everybody") throw new Error(`${operation.id} is not for everybody`);
  return door(operation, async () => ({ status: 200, body: await handler() }));
}

/** The workspace of a key, for the paths that name none. */
export const keyWorkspace = (ctx: Context): string => ctx.actor.memberships[0]!.slug; // a key always has one

/** The client sends its key in the query, in a few calls as a bearer token. */
function readKey(request: Request, url: URL): string | null {
  return url.searchParams.get("api_key") || readBearer(request);
}

export function readBearer(request: Request): string | null {
  return /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;
}

/** Refuses before the input is read, unless one of the permissions is granted; which one is needed, the domain knows. */
function permit(ctx: Context, permissions: readonly Permission[], workspace: unknown): void {
  const refusals = permissions.map((permission) => {
    try {
      authorize(ctx, permission, String(workspace));
      return null;
    } catch (error) {
      return error;
    }
  });
  if (refusals.length > 0 && refusals.every((refusal) => refusal !== null)) throw refusals[0];
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  refusal: (issue: z.core.$ZodIssue) => DomainError,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw refusal(result.error.issues[0]!);
}

function noSuchPath(issue: z.core.$ZodIssue): DomainError {
  const hint =
    issue.code === "invalid_value"
      ? `There are: ${issue.values.join(", ")}.`
      : "Check the path: a slug has lower-case letters, digits and dashes, a version is a whole number from 1.";
  return new DomainError("not_found", `There is no such ${String(issue.path[0])}. ${hint}`);
}

const badQuery = (issue: z.core.$ZodIssue): DomainError =>
  new DomainError("invalid_input", sentence(issue), { field: issue.path.join(".") });

const badBody = (issue: z.core.$ZodIssue): DomainError =>
  new DomainError("invalid_request", sentence(issue), issue.path.length > 0 ? { field: issue.path.join(".") } : {});

/** Our own messages go on where the field's name ends; those of a schema that others use too are sentences of their own. */
function sentence({ path, message }: z.core.$ZodIssue): string {
  const field = path.length > 0 ? `"${path.join(".")}"` : "The body";
  return `${field}${/^[A-Z"]/.test(message) ? ":" : ""} ${message.replace(/\.$/, "")}.`;
}

type Exports = Record<Method | "HEAD" | "PATCH" | "OPTIONS", RouteMethod>;

/**
 * Everything that a route file exports. HEAD is GET without its body, save where GET changes something (`head: false`);
 * OPTIONS names the methods and allows no other origin; every other method is 405. Where a word of not-supported.ts stands
 * for one of the path's parameters, every method is its 404, and where the path is one of its rows, every other method.
 */
export function resource(doors: Partial<Record<Method, Door>>, options: { head: boolean } = { head: true }): Exports {
  for (const [method, { operation }] of Object.entries(doors))
    if (operation.method !== method) throw new Error(`${operation.id} is ${operation.method}, not ${method}`);
  const get = options.head ? doors.GET : undefined;
  const allow = [...Object.keys(doors), ...(get ? ["HEAD"] : []), "OPTIONS"].sort().join(", ");
  const { path } = Object.values(doors)[0]!.operation;
  const unsupported = NOT_SUPPORTED[path];
  const notAllowed: RouteMethod = async (request) =>
    refuse(
      unsupported === undefined
        ? new DomainError("method_not_allowed", `There is no ${request.method} here. Use one of: ${allow}.`)
        : new DomainError("not_supported", unsupported),
      { Allow: allow },
    );
  return refusingWords(path, {
    GET: doors.GET?.open ?? notAllowed,
    POST: doors.POST?.open ?? notAllowed,
    DELETE: doors.DELETE?.open ?? notAllowed,
    PUT: doors.PUT?.open ?? notAllowed,
    PATCH: notAllowed,
    HEAD: get?.open ?? notAllowed,
    OPTIONS: async () =>
      new Response(null, {
        status: 204,
        headers: { Allow: allow, "Cache-Control": "no-store", "x-request-id": newId() },
      }),
  });
}

/** The methods of a path, save where it is one of those that this server does not support; HEAD without its body. */
function refusingWords(path: string, methods: Exports): Exports {
  const guarded = Object.entries(methods).map(([method, open]): [string, RouteMethod] => [
    method,
    async (request, context) => {
      const unsupported = findNotSupported(path, { ...(await context.params) });
      const response = unsupported ? refuse(unsupported) : await open(request, context);
      return method === "HEAD" ? withoutBody(response) : response;
    },
  ]);
  return Object.fromEntries(guarded) as Exports;
}

/** What the catch-all exports: JSON 404 whatever the method. */
export function nothingHere(): Exports {
  const missing: RouteMethod = async () =>
    refuse(new DomainError("not_found", "There is nothing at this path. /api/openapi.json lists every path there is."));
  return refusingWords("/{...path}", {
    GET: missing,
    POST: missing,
    DELETE: missing,
    PUT: missing,
    PATCH: missing,
    HEAD: missing,
    OPTIONS: missing,
  });
}
