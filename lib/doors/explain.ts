import { getLocale, getTranslations } from "next-intl/server";
import type { DomainError, ErrorCode, ErrorDetails } from "@/lib/domain/errors";

/** A refusal as pages and actions show it: the sentence is in the person's language. */
export interface Problem {
  code: ErrorCode;
  message: string;
  details: ErrorDetails;
}

/**
 * A refusal for people. Its sentence is `errors.<code>.<field>` of messages/*.json when the refusal is about a field, or
 * for a reason, that has one, else the domain's own where the person reads English, else `errors.<code>.default`.
 * The details are the messages' arguments.
 */
export async function explain(problem: DomainError, requestId: string): Promise<Problem> {
  const [t, locale] = [await getTranslations("errors"), await getLocale()];
  const { code, details, publicMessage } = problem;
  const values = {
    ...Object.fromEntries(Object.entries(details).map(([name, value]) => [name, String(value)])),
    requestId,
  };
  const field = `${code}.${String(details["field"] ?? details["reason"])}`;
  // The keys are made of codes and fields; messages.test.ts sees to it that every code has its default.
  const say = t as unknown as ((key: string, values: Record<string, string>) => string) & { has(key: string): boolean };
  if (say.has(field)) return { code, details, message: say(field, values) };
  if (locale === "en" && code !== "internal") return { code, details, message: publicMessage };
  return { code, details, message: say(`${code}.default`, values) };
}
