import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { cache } from "react";
import { DomainError } from "@/lib/domain/errors";
import { authenticateSession, type SessionContext, type SessionRef } from "@/lib/domain/people";
import { newId } from "@/lib/platform/id";
import { decodeSession, encodeSession, sessionCookieName, sessionCookieOptions } from "./auth";

/** Where proxy.ts notes the path and query of a page's request. */
export const PATH_HEADER = "x-page-path";

/** Who is signed in, asked once for a request however many components ask; null when nobody is. */
export const currentContext = cache(async (): Promise<SessionContext | null> => {
  const value = (await cookies()).get(sessionCookieName())?.value;
  const session = value === undefined ? null : await decodeSession(value);
  if (!session) return null;
  try {
    return await authenticateSession(session, newId());
  } catch (error) {
    if (error instanceof DomainError && error.code === "unauthorized") return null;
    throw error;
  }
});

/** Who is signed in; everybody else is sent to sign in, and comes back to this page afterwards. */
export async function requireContext(): Promise<SessionContext> {
  return (await currentContext()) ?? redirectToSignIn();
}

export async function redirectToSignIn(): Promise<never> {
  const path = toLocalPath((await headers()).get(PATH_HEADER));
  redirect(path === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(path)}`);
}

/**
 * A path of ours to go to, without an API key, which programs put into queries and which may stand in no address that
 * we send somebody to; "/" for anything that could lead elsewhere.
 */
export function toLocalPath(path: unknown): string {
  if (typeof path !== "string" || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path)) return "/";
  return /^\/(sign-in|api)([/?#]|$)/.test(path) ? "/" : withoutKey(path);
}

function withoutKey(path: string): string {
  const [before, query = ""] = path.split(/\?(.*)/s);
  const kept = query.split("&").filter((field) => !/^api(_|%5f)key(=|$)/i.test(field));
  return kept.length > 0 && query !== "" ? `${before}?${kept.join("&")}` : before!;
}

/** Signs in: sets the session's cookie. For actions and route handlers only. */
export async function startSession(session: SessionRef): Promise<void> {
  (await cookies()).set(sessionCookieName(), await encodeSession(session), sessionCookieOptions());
}

/** Signs out of this browser. For actions and route handlers only. */
export async function endSession(): Promise<void> {
  (await cookies()).set(sessionCookieName(), "", { ...sessionCookieOptions(), maxAge: 0 });
}
