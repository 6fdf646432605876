import { CALLERS, defineOperation, NO_BODY, NOTHING } from "@/lib/doors/operation";
import * as schemas from "./schemas";

const { byKey } = CALLERS;

export const keyOperations = {
  checkKey: defineOperation({
    id: "checkKey",
    tag: "Key",
    summary: "Check an API key",
    description: "Tells which workspace the key belongs to.",
    method: "POST",
    path: "/",
    caller: byKey(),
    params: NOTHING,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.keyAnswer,
    refusals: [],
  }),
};
