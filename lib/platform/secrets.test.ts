import { expect, test } from "vitest";
import { deriveKey, equalSecrets, hashPassword, newApiKey, newPassword, newToken, verifyPassword } from "./secrets";

test("secrets are equal when every character is, whatever their lengths", () => {
  expect(equalSecrets("secret", "secret")).toBe(true);
  for (const [a, b] of [
    ["secret", "secreT"],
    ["secret", "secret "],
    ["secret", ""],
    ["é", "e\u0301"],
  ] as const)
    expect([equalSecrets(a, b), equalSecrets(b, a)], `${a} ${b}`).toEqual([false, false]);
});

test("a password is stored so that equal ones cannot be told from each other, and only it is verified", async () => {
  const [one, other] = [await hashPassword("correct horse"), await hashPassword("correct horse")];
  expect(one).toMatch(/^\$argon2id\$/);
  expect(one).not.toBe(other);
  expect([await verifyPassword(one, "correct horse"), await verifyPassword(one, "Correct horse")]).toEqual([
    true,
    false,
  ]);
});

test("keys, tokens and passwords go into a URL as they are, and none comes twice", () => {
  for (const make of [newApiKey, newToken, newPassword]) {
    const made = Array.from({ length: 100 }, make);
    expect(new Set(made).size).toBe(100);
    for (const secret of made) expect(encodeURIComponent(secret)).toBe(secret);
  }
});

test("a derived key is the same for the same secret and purpose, and another for another of either", () => {
  const keys = [deriveKey("secret", "links"), deriveKey("secret", "heads"), deriveKey("other", "links")];
  expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(3);
  expect(keys[0]).toHaveLength(32);
  expect(deriveKey("secret", "links")).toEqual(keys[0]);
});
