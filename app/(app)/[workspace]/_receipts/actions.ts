"use server";

import { z } from "zod";
import { lookAgainAtReceipt } from "@/lib/domain/trash";
import { action } from "@/lib/doors/action";

export const lookAgainAction = action(
  z.object({ workspaceSlug: z.string().max(63), receiptId: z.string().max(64) }),
  lookAgainAtReceipt,
);
