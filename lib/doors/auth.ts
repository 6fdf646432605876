import type { NextAuthOptions, Profile } from "next-auth";
import { decode, encode, type JWT } from "next-auth/jwt";
import CredentialsProvider from "next-auth/providers/credentials";
import GitHubProvider from "next-auth/providers/github";
import GoogleProvider from "next-auth/providers/google";
import { z } from "zod";
import { DomainError } from "@/lib/domain/errors";
import { signInByVerifiedEmail, type SessionRef, signIn } from "@/lib/domain/people";
import { env } from "@/lib/platform/env";

/*
 * Sessions are next-auth's encrypted cookies. They hold the user's id and the version of their sessions, nothing else:
 * who that is, and whether the session still counts, is asked at each request (lib/doors/session.ts).
 */

const SESSION_SECONDS = 30 * 24 * 60 * 60;

const tokenSchema = z.object({ sub: z.string(), sessionVersion: z.number().int() });

const isSecure = (): boolean => env().publicUrl.startsWith("https:");

/** The session's cookie; over https its prefix makes browsers refuse one set over http. */
export const sessionCookieName = (): string =>
  isSecure() ? "__Secure-next-auth.session-token" : "next-auth.session-token";

export const sessionCookieOptions = () => ({
  httpOnly: true,
  sameSite: "lax" as const,
  path: "/",
  secure: isSecure(),
  maxAge: SESSION_SECONDS,
});

function secret(): string {
  const { sessionSecret } = env();
  if (sessionSecret === null)
    throw new DomainError("not_configured", "Nobody can sign in yet: set NEXTAUTH_SECRET on the server.");
  return sessionSecret;
}

const toToken = (session: SessionRef): JWT => ({ sub: session.userId, sessionVersion: session.sessionVersion });

/** The cookie's value for a session. Throws `not_configured` without a secret. */
export const encodeSession = (session: SessionRef): Promise<string> =>
  encode({ token: toToken(session), secret: secret(), maxAge: SESSION_SECONDS });

/** The session in a cookie's value; null when it is not ours, was changed, or is over. */
export async function decodeSession(value: string): Promise<SessionRef | null> {
  const token = await decode({ token: value, secret: secret() }).catch(() => null);
  const result = tokenSchema.safeParse(token);
  return result.success ? { userId: result.data.sub, sessionVersion: result.data.sessionVersion } : null;
}

/** What can be signed in with beside a password, in the order in which it is offered. */
export function oauthProviders(): ("github" | "google")[] {
  return (["github", "google"] as const).filter((name) => env()[name] !== null);
}

const credentialsSchema = z.object({ email: z.string(), password: z.string() });

/** What a password gives next-auth, which takes it from there to the token. */
const signedInSchema = z.object({ id: z.string(), sessionVersion: z.number().int() });

/**
 * next-auth's settings. A password signs in its user; GitHub and Google, where configured, sign in whoever has a
 * verified address that a user here already has, and make nobody.
 */
export function authOptions(): NextAuthOptions {
  const { github, google } = env();
  return {
    secret: secret(),
    session: { strategy: "jwt", maxAge: SESSION_SECONDS },
    pages: { signIn: "/sign-in", error: "/sign-in" },
    useSecureCookies: isSecure(),
    cookies: { sessionToken: { name: sessionCookieName(), options: sessionCookieOptions() } },
    providers: [
      CredentialsProvider({
        credentials: { email: { type: "email" }, password: { type: "password" } },
        async authorize(credentials): Promise<z.output<typeof signedInSchema> | null> {
          const input = credentialsSchema.safeParse(credentials);
          const session = input.success ? await signIn(input.data) : null;
          return session && { id: session.userId, sessionVersion: session.sessionVersion };
        },
      }),
      ...(github ? [GitHubProvider(github)] : []),
      ...(google ? [GoogleProvider(google)] : []),
    ],
    callbacks: {
      async signIn({ user, account, profile }) {
        if (account?.type === "credentials") return true;
        const email = await findVerifiedEmail(account?.provider, account?.access_token, profile, user.email);
        return email !== null && (await signInByVerifiedEmail(email)) !== null;
      },
      async jwt({ token, user, account }) {
        if (!account) return token;
        if (account.type === "credentials") {
          const { id, sessionVersion } = signedInSchema.parse(user);
          return toToken({ userId: id, sessionVersion });
        }
        const session = await signInByVerifiedEmail(user.email ?? "");
        return session ? toToken(session) : {};
      },
      session: ({ session }) => ({ expires: session.expires }),
    },
  };
}

const googleProfile = z.object({ email: z.string(), email_verified: z.literal(true) });
const githubEmails = z.array(z.object({ email: z.string(), verified: z.boolean() }));

/** The provider's word that the address belongs to the person; GitHub's profile alone does not say. Null without it. */
async function findVerifiedEmail(
  provider: string | undefined,
  accessToken: string | undefined,
  profile: Profile | undefined,
  email: string | null | undefined,
): Promise<string | null> {
  if (!email) return null;
  if (provider === "google") return googleProfile.safeParse(profile).success ? email : null;
  if (provider !== "github" || !accessToken) return null;
  const answer = await fetch("https://api.github.com/user/emails", {
    headers: { Authorization: `Bearer ${accessToken}`, "User-Agent": "reprieve" },
    signal: AbortSignal.timeout(10_000),
  });
  const emails = githubEmails.safeParse(await answer.json().catch(() => null));
  return emails.success &&
    emails.data.some((known) => known.verified && known.email.toLowerCase() === email.toLowerCase())
    ? email
    : null;
}
