"use server";

import { z } from "zod";
import { acceptInvite } from "@/lib/domain/people";
import { parseInput, refusal, type ActionResult } from "@/lib/doors/action";
import { endSession } from "@/lib/doors/session";

const schema = z.object({ token: z.string().max(200), password: z.string().max(1024) });

/** Sets the password of whom the link is for. Whoever was signed in in this browser no longer is. */
export async function acceptInviteAction(input: z.input<typeof schema>): Promise<ActionResult<{ email: string }>> {
  try {
    const data = await acceptInvite(parseInput(schema, input));
    await endSession();
    return { ok: true, data };
  } catch (error) {
    return refusal(error);
  }
}
