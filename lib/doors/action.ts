import { revalidatePath } from "next/cache";
import { unstable_rethrow } from "next/navigation";
import type { z } from "zod";
import { DomainError } from "@/lib/domain/errors";
import type { SessionContext } from "@/lib/domain/people";
import { newId } from "@/lib/platform/id";
import { log } from "@/lib/platform/log";
import { toProblem } from "./errors";
import { explain, type Problem } from "./explain";
import { currentContext } from "./session";

export type ActionResult<Data> = { ok: true; data: Data } | { ok: false; error: Problem };

/**
 * The door of a server action: parses, builds the context, calls `run` (one domain function), answers. Never throws for
 * a refusal, tells nothing of internals, and the refusal's sentence is in the person's language; a value that does not
 * fit names its `field` in the details. Every page of the browser is fetched anew afterwards, also after a refusal: what
 * was shown may be what was wrong. That requests come from our own origin is checked by Next.
 */
export function action<Schema extends z.ZodType, Data>(
  schema: Schema,
  run: (ctx: SessionContext, input: z.output<Schema>) => Promise<Data>,
) {
  return async (input: z.input<Schema>): Promise<ActionResult<Data>> => {
    let requestId = newId();
    try {
      const ctx = await currentContext();
      if (!ctx) throw new DomainError("unauthorized", "Your session has ended. Sign in again.");
      requestId = ctx.requestId;
      const data = await run(ctx, parseInput(schema, input));
      revalidatePath("/", "layout");
      return { ok: true, data };
    } catch (error) {
      return refusal(error, requestId);
    }
  };
}

/**
 * Throws `invalid_input` that names the first field that does not fit; what to say of a field stands in
 * messages/*.json, `errors.invalid_input.<field>`, because a schema's own words are not for people.
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const field = result.error.issues[0]!.path.join(".");
  throw new DomainError(
    "invalid_input",
    "A value is not acceptable. Check the form and try again.",
    field === "" ? {} : { field },
  );
}

/** What an action answers for an error; Next's own (redirects and their like) go on. */
export async function refusal(error: unknown, requestId: string = newId()): Promise<{ ok: false; error: Problem }> {
  unstable_rethrow(error);
  const problem = toProblem(error);
  if (problem.cause === undefined) log().info({ requestId, code: problem.code }, "action");
  else log().error({ requestId, code: problem.code, err: problem.cause }, "action");
  if (problem.code !== "unauthorized" && problem.code !== "invalid_input") revalidatePath("/", "layout");
  return { ok: false, error: await explain(problem, requestId) };
}
