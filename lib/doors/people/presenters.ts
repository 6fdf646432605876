import type { z } from "zod";
import type { Context } from "@/lib/domain/context";
import { keyWorkspace } from "@/lib/doors/route";
import type * as schemas from "./schemas";

/** The key's own workspace: the client asks for nothing else here. */
export function presentKey(ctx: Context): z.input<typeof schemas.keyAnswer> {
  return {
    welcome: "Welcome to Reprieve.",
    instructions: "Your key belongs to the workspace named below.",
    docs: "/api/openapi.json",
    workspace: keyWorkspace(ctx),
  };
}
