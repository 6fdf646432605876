import { forbidden, notFound, unstable_rethrow } from "next/navigation";
import type { Context } from "@/lib/domain/context";
import type { DomainError, ErrorCode } from "@/lib/domain/errors";
import { log } from "@/lib/platform/log";
import { STATUS_OF, toProblem } from "./errors";
import { explain, type Problem } from "./explain";
import { redirectToSignIn, requireContext } from "./session";

/**
 * The door of a page: one domain read for whoever is signed in. Nobody is sent to sign in, what is not there becomes 404
 * and what is not allowed 403; await it before anything streams, or the status has gone out as 200. Everything else is
 * thrown, to the nearest error.tsx.
 */
export async function page<T>(read: (ctx: Context) => Promise<T>): Promise<T> {
  const result = await attempt(read);
  return result.ok ? result.data : refuse(result.problem);
}

/**
 * The same for a page that has something to say about some refusals: those `codes` are answered, explained in the
 * person's language, instead of becoming a 404 or 403.
 */
export async function pageOr<T, Code extends ErrorCode>(
  codes: readonly Code[],
  read: (ctx: Context) => Promise<T>,
): Promise<{ ok: true; data: T } | { ok: false; error: Problem & { code: Code } }> {
  const result = await attempt(read);
  if (result.ok) return result;
  const { problem, ctx } = result;
  const code = codes.find((known) => known === problem.code);
  return code === undefined
    ? refuse(problem)
    : { ok: false, error: { ...(await explain(problem, ctx.requestId)), code } };
}

async function attempt<T>(
  read: (ctx: Context) => Promise<T>,
): Promise<{ ok: true; data: T } | { ok: false; problem: DomainError; ctx: Context }> {
  const ctx = await requireContext();
  try {
    return { ok: true, data: await read(ctx) };
  } catch (error) {
    unstable_rethrow(error);
    return { ok: false, problem: toProblem(error), ctx };
  }
}

async function refuse(problem: DomainError): Promise<never> {
  const status = STATUS_OF[problem.code];
  if (status === 401) return redirectToSignIn();
  if (status === 403) return forbidden();
  if (status === 404) return notFound();
  log().error({ code: problem.code, err: problem.cause ?? problem }, "page");
  throw problem;
}
