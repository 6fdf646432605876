import type { Actor } from "@/lib/domain/context";
import type { DomainError } from "@/lib/domain/errors";
import { env } from "@/lib/platform/env";
import { newId } from "@/lib/platform/id";
import { log } from "@/lib/platform/log";
import { presentError, toProblem } from "./errors";
import type { AnyOperation } from "./operation";

/** What Next hands to a route's method. */
export interface RouteContext {
  params: Promise<object>;
}

export type RouteMethod = (request: Request, context: RouteContext) => Promise<Response>;

/** A method of a route, with the operation that it performs. */
export interface Door {
  operation: AnyOperation;
  open: RouteMethod;
}

export interface Call {
  request: Request;
  params: Record<string, unknown>;
  requestId: string;
  /** Tells the request's log line who calls, once that is known. */
  identify: (actor: Actor) => void;
}

/** A log line of a request: the route's pattern and never its URL, which holds the key. */
export function describeRequest(facts: {
  method: string;
  route: string;
  status: number;
  startedAt: number;
  requestId: string;
  actor: Actor | null;
}): Record<string, unknown> {
  const { actor, startedAt, ...rest } = facts;
  return {
    ...rest,
    ms: Math.round((performance.now() - startedAt) * 10) / 10,
    actor: actor?.type ?? null,
    ...(actor?.type === "API_KEY" ? { keyId: actor.keyId } : {}),
  };
}

/**
 * A door: runs the call, turns what it throws into the answer that says so, and writes one log line. Every answer
 * carries x-request-id and may be cached by nobody. Outside production an answer that its schema does not know throws.
 * A call may answer with a Response of its own, for what is not JSON.
 */
export function door(
  operation: AnyOperation,
  run: (call: Call) => Promise<{ status: number; body: unknown } | Response>,
): Door {
  async function open(request: Request, context: RouteContext): Promise<Response> {
    const startedAt = performance.now();
    const requestId = newId();
    let actor: Actor | null = null;
    const facts = (status: number) =>
      describeRequest({ method: request.method, route: operation.path, status, startedAt, requestId, actor });
    let answered: { status: number; body: unknown } | Response;
    try {
      const params: Record<string, unknown> = { ...(await context.params) };
      answered = await run({ request, params, requestId, identify: (who) => (actor = who) });
    } catch (error) {
      const problem = toProblem(error);
      const refused = presentError(problem, requestId, operation.errors);
      logRefusal(problem, facts(refused.status));
      return json(refused.status, refused.body, requestId, refused.headers);
    }
    log().info(facts(answered.status), "request");
    if (answered instanceof Response) {
      answered.headers.set("x-request-id", requestId);
      answered.headers.set("Cache-Control", "no-store");
      return answered;
    }
    if (!env().production)
      (answered.status === 202 && operation.accepted ? operation.accepted : operation.answer).parse(answered.body);
    return json(answered.status, answered.body, requestId);
  }
  return { operation, open };
}

/** Our own failures with their cause, the caller's without. */
function logRefusal(problem: DomainError, facts: Record<string, unknown>): void {
  const line = { ...facts, code: problem.code };
  if (problem.cause === undefined) log().info(line, "request");
  else log().error({ ...line, err: problem.cause }, "request");
}

function json(status: number, body: unknown, requestId: string, headers: Record<string, string> = {}): Response {
  const init = { status, headers: { ...headers, "Cache-Control": "no-store", "x-request-id": requestId } };
  return status === 204 ? new Response(null, init) : Response.json(body, init);
}

/** A refusal before any operation begins: an unknown path, a method that the path does not have. */
export function refuse(problem: DomainError, headers: Record<string, string> = {}): Response {
  const requestId = newId();
  const refused = presentError(problem, requestId);
  return json(refused.status, refused.body, requestId, { ...refused.headers, ...headers });
}

/** The same answer without its body. */
export function withoutBody(response: Response): Response {
  void response.body?.cancel().catch(() => {}); // nobody reads it: a file behind it is closed
  return new Response(null, { status: response.status, headers: response.headers });
}
