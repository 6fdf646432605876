import { encode } from "next-auth/jwt";
import { expect, test } from "vitest";
import { buildUser } from "@/lib/testing/builders";
import { authOptions, decodeSession, encodeSession } from "./auth";

const SESSION = { userId: "u-1", sessionVersion: 3 };

test("a cookie holds the session, and nobody without the server's secret reads or changes it", async () => {
  const value = await encodeSession(SESSION);
  expect(await decodeSession(value)).toEqual(SESSION);
  expect(Buffer.from(value.replaceAll(".", ""), "base64url").toString("latin1")).not.toContain("u-1");
  const parts = value.split(".");
  parts[3] = (parts[3]!.startsWith("A") ? "B" : "A") + parts[3]!.slice(1);
  const changed = parts.join(".");
  for (const other of ["", "x", changed]) expect(await decodeSession(other)).toBeNull();
});

test.each([
  ["another server's secret", { secret: "another secret" }],
  ["a time that is over", { maxAge: -60 }],
  ["no version of the sessions", { token: { sub: "u-1" } }],
])("a cookie of %s is nobody's", async (_what, options) => {
  const secret = process.env["NEXTAUTH_SECRET"]!;
  const token = { sub: "u-1", sessionVersion: 3 };
  expect(await decodeSession(await encode({ token, secret, maxAge: 60, ...options }))).toBeNull();
});

test("a provider's account signs nobody in without its word that the address is verified", async () => {
  const signIn = authOptions().callbacks!.signIn!;
  const { email } = await buildUser();
  const claims: [string, object, boolean][] = [
    ["google", { email, email_verified: true }, true],
    ["google", { email, email_verified: false }, false],
    ["google", {}, false],
    ["github", { email }, false],
    ["another", { email, email_verified: true }, false],
  ];
  for (const [provider, profile, may] of claims) {
    const account = { provider, type: "oauth" as const, providerAccountId: "1" };
    expect(await signIn({ user: { id: "x", email }, account, profile }), provider).toBe(may);
  }
});
