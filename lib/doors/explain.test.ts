import { createTranslator } from "next-intl";
import { expect, test, vi } from "vitest";
import { DomainError } from "@/lib/domain/errors";
import en from "@/messages/en.json";
import ja from "@/messages/ja.json";
import { explain } from "./explain";

// outside of one of Next's requests there is no language of the person
const request = vi.hoisted(() => ({ locale: "en" as "en" | "ja" }));
vi.mock("next-intl/server", () => ({
  getLocale: async () => request.locale,
  getTranslations: async (namespace: "errors") =>
    createTranslator({ locale: request.locale, messages: request.locale === "en" ? en : ja, namespace }),
}));

async function say(locale: "en" | "ja", problem: DomainError): Promise<string> {
  request.locale = locale;
  return (await explain(problem, "r-1")).message;
}

test("a refusal about a field, or for a reason, that has a sentence of its own says that one", async () => {
  const email = new DomainError("invalid_input", '"x" is not an e-mail address.', { field: "email" });
  expect([await say("en", email), await say("ja", email)]).toEqual([
    en.errors.invalid_input.email,
    ja.errors.invalid_input.email,
  ]);
  expect(await say("ja", new DomainError("not_trainable", "No.", { reason: "classes" }))).toBe(
    ja.errors.not_trainable.classes,
  );
});

test("any other is said in the domain's own words to who reads English, and in general to who does not", async () => {
  const problem = new DomainError("not_found", "There is no such project.", { field: "nobody's" });
  expect([await say("en", problem), await say("ja", problem)]).toEqual([
    "There is no such project.",
    ja.errors.not_found.default,
  ]);
});

test("what went wrong inside is told to nobody, but the request's id is", async () => {
  const problem = new DomainError("internal", "select secret_column failed");
  for (const locale of ["en", "ja"] as const) {
    expect(await say(locale, problem)).not.toMatch(/secret/);
    expect(await say(locale, problem)).toContain("r-1");
  }
});

test("what a page knows of a refusal is its code, its sentence and its details, and never a cause", async () => {
  const details = { needed: 71, free: 70, quota: 100, inTrash: 30 };
  const problem = new DomainError("quota_exceeded", "Too many.", details, { cause: new Error("secret") });
  expect(await explain(problem, "r-1")).toEqual({ code: "quota_exceeded", message: expect.any(String), details });
});
