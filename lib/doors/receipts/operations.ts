import { workspaceParams } from "@/lib/doors/fields";
import { CALLERS, defineOperation, NO_BODY, NOTHING } from "@/lib/doors/operation";
import * as schemas from "./schemas";

const { byKey } = CALLERS;

/** What is proved of purges. */
export const receiptOperations = {
  listReceipts: defineOperation({
    id: "listReceipts",
    tag: "Receipts",
    summary: "Receipts of purges",
    description: "Newest first. Every purge left one; what went with a project has its own, under the project's.",
    method: "GET",
    path: "/{workspace}/receipts",
    caller: byKey("read trash"),
    params: workspaceParams,
    query: schemas.receiptsQuery,
    body: NO_BODY,
    answer: schemas.receiptsAnswer,
    refusals: ["not_found", "invalid_input"],
  }),
  getReceipt: defineOperation({
    id: "getReceipt",
    tag: "Receipts",
    summary: "One receipt in full",
    description: "With where the chain of receipts tells of it, and the chain's head, signed.",
    method: "GET",
    path: "/{workspace}/receipts/{receipt}",
    caller: byKey("read trash"),
    params: schemas.receiptParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.receiptAnswer,
    refusals: ["not_found"],
  }),
};
