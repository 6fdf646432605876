import type { ActionResult } from "@/lib/doors/action";

/** For a form whose action got no answer, because the connection broke: what was done is not known, and `message` says so. */
export const unanswered = (message: string): ActionResult<never> => ({
  ok: false,
  error: { code: "busy", message, details: {} },
});
