"use server";

import { z } from "zod";
import { createApiKey, revokeApiKey } from "@/lib/domain/people";
import { personId } from "@/lib/domain/context";
import { action } from "@/lib/doors/action";

/** Makes a key for the person who asks. */
export const createKeyAction = action(
  z.object({ workspaceSlug: z.string(), name: z.string(), scopes: z.array(z.string()).max(100) }),
  (ctx, input) => createApiKey(ctx, { ...input, userId: personId(ctx.actor) }),
);

export const revokeKeyAction = action(z.object({ workspaceSlug: z.string(), keyId: z.string() }), (ctx, input) =>
  revokeApiKey(ctx, input),
);
