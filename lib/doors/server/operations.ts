import { z } from "zod";
import { CALLERS, defineOperation, NO_BODY, NOTHING } from "@/lib/doors/operation";
import * as schemas from "./schemas";

const { byScheduler, byEverybody } = CALLERS;

export const serverOperations = {
  getHealth: defineOperation({
    id: "getHealth",
    tag: "Server",
    summary: "Whether the server and its database answer",
    method: "GET",
    path: "/health",
    caller: byEverybody,
    params: NOTHING,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.healthAnswer,
    refusals: [],
  }),
  getOpenApi: defineOperation({
    id: "getOpenApi",
    tag: "Server",
    summary: "This description",
    method: "GET",
    path: "/openapi.json",
    caller: byEverybody,
    params: NOTHING,
    query: NOTHING,
    body: NO_BODY,
    answer: z.looseObject({ openapi: z.string() }),
    refusals: [],
  }),
  purgeExpired: purgeOperation("POST", "purgeExpired"),
  /** As Vercel's scheduler calls. */
  purgeExpiredByGet: purgeOperation("GET", "purgeExpiredByGet"),
};

function purgeOperation(method: "GET" | "POST", id: string) {
  return defineOperation({
    id,
    tag: "Server",
    summary: "Purge what has waited its time in Trash",
    description:
      "For a scheduler. Oldest first, for at most 50 seconds; safe to call twice at once. 500, with the same counts, when an item failed.",
    method,
    path: "/cron/purge-expired",
    caller: byScheduler,
    params: NOTHING,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.purgeAnswer,
    refusals: ["not_configured"],
  });
}
