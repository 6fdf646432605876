import { createHash, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

export const API_KEY_PREFIX_LENGTH = 8;

/**
 * A new API key: 192 random bits, URL-safe, always with a lowercase letter.
 * The official client takes a key in all capitals for a dummy and sends no request with it.
 */
export function newApiKey(): string {
  for (;;) {
    const key = `rp_${randomBytes(24).toString("base64url")}`;
    if (/[a-z]/.test(key.slice(3))) return key;
  }
}

/** What is stored of an API key: its sha256, hex. The key is random, so no slow hash is needed. */
export const hashApiKey = (key: string): string => createHash("sha256").update(key).digest("hex");

/** A one-time token for a link: 192 random bits, URL-safe. */
export const newToken = (): string => randomBytes(24).toString("base64url");

/** What is stored of a one-time token: its sha256, hex. */
export const hashToken = (token: string): string => createHash("sha256").update(token).digest("hex");

/** A password a person can copy: 96 random bits. */
export const newPassword = (): string => randomBytes(12).toString("base64url");

/** argon2id with the library's defaults (OWASP's first choice), as a PHC string. */
export const hashPassword = (password: string): Promise<string> => hash(password);

export const verifyPassword = (passwordHash: string, password: string): Promise<boolean> =>
  verify(passwordHash, password);

/** Compares two secrets in a time that tells nothing of where, or in what length, they differ. */
export function equalSecrets(a: string, b: string): boolean {
  const digest = (s: string) => createHash("sha256").update(s).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** A key for one purpose alone, made of a secret of the server: what another use of the same secret signs does not pass for it. */
export const deriveKey = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, "", purpose, 32));
