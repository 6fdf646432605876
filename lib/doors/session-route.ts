import { unstable_rethrow } from "next/navigation";
import { DomainError } from "@/lib/domain/errors";
import type { SessionContext } from "@/lib/domain/people";
import { newId } from "@/lib/platform/id";
import { log } from "@/lib/platform/log";
import { describeRequest, type RouteContext, type RouteMethod } from "./door";
import { presentError, toProblem } from "./errors";
import { explain } from "./explain";
import { currentContext } from "./session";

export interface SessionCall<Params> {
  ctx: SessionContext;
  request: Request;
  params: Params;
}

/**
 * The door of a route for signed-in browsers (app/(app)/data/**): uploads, downloads, live progress. Opened by the
 * session's cookie, and for every method but GET and HEAD only when the request comes from our own origin. A refusal is
 * answered as the REST API does, its sentence in the person's language; nobody may cache an answer unless the handler
 * says so. `pattern` is the route as it is logged.
 */
export function sessionRoute<Params extends object>(
  pattern: string,
  handler: (call: SessionCall<Params>) => Promise<Response>,
): RouteMethod {
  return async (request: Request, context: RouteContext): Promise<Response> => {
    const startedAt = performance.now();
    let ctx: SessionContext | null = null;
    let requestId = newId();
    const facts = (status: number) =>
      describeRequest({
        method: request.method,
        route: pattern,
        status,
        startedAt,
        requestId,
        actor: ctx?.actor ?? null,
      });
    try {
      assertSameOrigin(request);
      ctx = await currentContext();
      if (!ctx) throw new DomainError("unauthorized", "Your session has ended. Sign in again.");
      requestId = ctx.requestId;
      const answer = await handler({ ctx, request, params: (await context.params) as Params });
      if (!answer.headers.has("Cache-Control")) answer.headers.set("Cache-Control", "private, no-store");
      log().info(facts(answer.status), "request");
      return answer;
    } catch (error) {
      unstable_rethrow(error);
      const problem = toProblem(error);
      const { status, body, headers } = presentError(problem, requestId);
      if (problem.cause === undefined) log().info({ ...facts(status), code: problem.code }, "request");
      else log().error({ ...facts(status), code: problem.code, err: problem.cause }, "request");
      const { message } = await explain(problem, requestId);
      return Response.json(
        { ...body, error: message },
        { status, headers: { ...headers, "Cache-Control": "no-store" } },
      );
    }
  };
}

/**
 * Browsers name the origin that sends a request; another site cannot make them lie. Where they name none (a form, under
 * our Referrer-Policy), they must say that it is ours. Throws `forbidden`.
 */
export function assertSameOrigin(request: Request): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  const origin = request.headers.get("origin");
  const host = request.headers.get("x-forwarded-host") ?? request.headers.get("host");
  const same =
    origin === null || origin === "null"
      ? request.headers.get("sec-fetch-site") === "same-origin"
      : URL.canParse(origin) && new URL(origin).host === host;
  if (!same) throw new DomainError("forbidden", "This request comes from another site. Do it in the web app.");
}
