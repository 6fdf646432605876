import { prisma, query, statement } from "@/lib/platform/db";
import type { Role } from "@/lib/platform/generated/enums";
import { hashPassword, verifyPassword } from "@/lib/platform/secrets";
import type { Context, Membership } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";

/* Signed-in people. A session is a user and the version of their sessions; raising the version ends all of them. */

export const LOCALES = ["en", "ja"] as const;
export type Locale = (typeof LOCALES)[number];

export const isLocale = (text: unknown): text is Locale => (LOCALES as readonly unknown[]).includes(text);

export interface SessionRef {
  userId: string;
  sessionVersion: number;
}

/** The context of a signed-in person, with what the web app says of their account. */
export interface SessionContext extends Context {
  email: string;
  /** null: as the browser asks. */
  locale: Locale | null;
}

let decoy: Promise<string> | undefined;

/**
 * Checks an e-mail address and a password; null when they do not fit. An unknown address, and one without a password,
 * cost the same work as a wrong password, so that the answer's time does not tell who has an account.
 */
export async function signIn(input: { email: string; password: string }): Promise<SessionRef | null> {
  const user = await prisma().user.findUnique({
    where: { email: input.email.trim().toLowerCase() },
    select: { id: true, sessionVersion: true, passwordHash: true },
  });
  const known = user?.passwordHash ?? null;
  const fits = await verifyPassword(known ?? (await (decoy ??= hashPassword("nobody's password"))), input.password);
  return user && known !== null && fits ? { userId: user.id, sessionVersion: user.sessionVersion } : null;
}

/**
 * Signs in the user of an address that somebody else (GitHub, Google) has verified; null when nobody has it here. An open
 * invitation is then used up: from now on nobody can take the account by its link.
 */
export async function signInByVerifiedEmail(email: string): Promise<SessionRef | null> {
  const address = email.trim().toLowerCase();
  const [user] = await prisma().user.updateManyAndReturn({
    where: { email: address },
    data: { inviteHash: null, inviteUntil: null },
    select: { id: true, sessionVersion: true },
  });
  return user ? { userId: user.id, sessionVersion: user.sessionVersion } : null;
}

/** hot: asked at every request of a signed-in person. */
const AUTHENTICATE = statement({
  name: "authenticate-session",
  text: `
select u.id as "userId", u.name, u.email, u.locale, date_trunc('milliseconds', now()) as now,
  w.id as "workspaceId", w.slug, w.name as "workspaceName", m.role
from users u
left join memberships m on m.user_id = u.id
left join workspaces w on w.id = m.workspace_id
where u.id = $1 and ($2::int is null or u.session_version = $2)
order by w.name, w.slug`,
});

interface AuthenticatedRow {
  userId: string;
  name: string;
  email: string;
  locale: string | null;
  now: Date;
  workspaceId: string | null;
  slug: string;
  workspaceName: string;
  role: Role;
}

/**
 * The context of a signed-in person: who, member of what (by name) and when, all from one statement.
 * Throws `unauthorized` when the user is gone or their session version was raised, alike.
 */
export async function authenticateSession(session: SessionRef, requestId: string): Promise<SessionContext> {
  const rows = await query<AuthenticatedRow>(AUTHENTICATE, [session.userId, session.sessionVersion]);
  if (rows.length === 0) throw new DomainError("unauthorized", "Your session has ended. Sign in again.");
  return contextOf(rows, requestId);
}

function contextOf(rows: readonly AuthenticatedRow[], requestId: string): SessionContext {
  const { userId, name, now, email, locale } = rows[0]!;
  const memberships = rows.flatMap((row): Membership[] =>
    row.workspaceId === null
      ? []
      : [{ workspaceId: row.workspaceId, slug: row.slug, name: row.workspaceName, role: row.role }],
  );
  return {
    actor: { type: "USER", userId, name, memberships },
    now,
    requestId,
    email,
    locale: isLocale(locale) ? locale : null,
  };
}

/** Keeps a person's language, for every browser in which they sign in. */
export async function setLocale(ctx: Context, locale: Locale): Promise<void> {
  if (ctx.actor.type !== "USER") throw new DomainError("forbidden", "Only a signed-in person has a language.");
  await prisma().user.updateMany({ where: { id: ctx.actor.userId }, data: { locale } });
}

/** Whether anybody could sign in at all; when not, the sign-in page explains how to make the first user. */
export async function usersExist(): Promise<boolean> {
  return (await prisma().user.findFirst({ select: { id: true } })) !== null;
}

/**
 * The context of a person for work that goes on without them: who they are and what they may do at this moment, which
 * need not be what it was when they asked. null when their account is gone.
 */
export async function personContext(userId: string, requestId: string): Promise<Context | null> {
  const rows = await query<AuthenticatedRow>(AUTHENTICATE, [userId, null]);
  return rows.length === 0 ? null : contextOf(rows, requestId);
}
