import { workspaceParams } from "@/lib/doors/fields";
import { CALLERS, defineOperation, NO_BODY, NOTHING } from "@/lib/doors/operation";
import * as schemas from "./schemas";

const { byKey } = CALLERS;

export const workspaceOperations = {
  getWorkspace: defineOperation({
    id: "getWorkspace",
    tag: "Workspaces",
    summary: "A workspace and its projects",
    method: "GET",
    path: "/{workspace}",
    caller: byKey("read workspace"),
    params: workspaceParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.workspaceAnswer,
    refusals: ["not_found"],
  }),
};
