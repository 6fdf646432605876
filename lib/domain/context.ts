import type { Role } from "@/lib/platform/generated/enums";
import { databaseNow } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import type { Scope } from "./scopes";

/** A workspace that the actor may enter, and as what. */
export interface Membership {
  workspaceId: string;
  slug: string;
  name: string;
  role: Role;
}

/** Who acts. An API key acts for its owner, in one workspace, within its scopes. */
export type Actor =
  | { type: "USER"; userId: string; name: string; memberships: readonly Membership[] }
  | {
      type: "API_KEY";
      keyId: string;
      userId: string;
      name: string;
      scopes: readonly Scope[];
      memberships: readonly [Membership];
    }
  | { type: "SYSTEM"; job: string; memberships: readonly Membership[] };

/** What every domain function is given first. Built once, at the door; `now` is the database's clock. */
export interface Context {
  actor: Actor;
  now: Date;
  requestId: string;
}

/**
 * The context of a job of ours. It is a member of nothing, unless it works for one workspace as its owner would.
 * `now` defaults to the database's clock.
 */
export async function systemContext(
  job: string,
  options: { now?: Date; membership?: Membership } = {},
): Promise<Context> {
  return {
    actor: { type: "SYSTEM", job, memberships: options.membership ? [options.membership] : [] },
    now: options.now ?? (await databaseNow()),
    requestId: newId(),
  };
}

/** The actor as audit events and receipts record it. */
export function describeActor(actor: Actor): {
  actorType: Actor["type"];
  actorId: string;
  actorName: string;
  userId: string | null;
} {
  switch (actor.type) {
    case "USER":
      return { actorType: "USER", actorId: actor.userId, actorName: actor.name, userId: actor.userId };
    case "API_KEY":
      return { actorType: "API_KEY", actorId: actor.keyId, actorName: actor.name, userId: actor.userId };
    case "SYSTEM":
      return { actorType: "SYSTEM", actorId: actor.job, actorName: actor.job, userId: null };
  }
}

/** Whom a row names as the one who made or deleted it: the person behind the actor, else the job. */
export const personId = (actor: Actor): string => (actor.type === "SYSTEM" ? actor.job : actor.userId);
