"use server";

import { redirect } from "next/navigation";
import { z } from "zod";
import { DomainError } from "@/lib/domain/errors";
import { signIn } from "@/lib/domain/people";
import { parseInput, refusal, type ActionResult } from "@/lib/doors/action";
import { startSession, toLocalPath } from "@/lib/doors/session";

const schema = z.object({ email: z.string().max(254), password: z.string().max(1024), next: z.string().optional() });

/** Signs in and goes where the person was going; answers only when it did not. */
export async function signInAction(_before: ActionResult<never> | null, form: FormData): Promise<ActionResult<never>> {
  try {
    const { email, password, next } = parseInput(schema, Object.fromEntries(form));
    const session = await signIn({ email, password });
    if (!session)
      throw new DomainError(
        "unauthorized",
        "This e-mail address and password do not match. Check both and try again.",
        { field: "credentials" },
      );
    await startSession(session);
    redirect(toLocalPath(next));
  } catch (error) {
    return refusal(error);
  }
}
