import { z } from "zod";
import { slug } from "@/lib/doors/fields";

export const keyAnswer = z.strictObject({
  welcome: z.string(),
  instructions: z.string(),
  docs: z.string(),
  workspace: slug,
});
