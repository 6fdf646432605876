import { personId, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { normalizeName, parseNote } from "@/lib/domain/names";
import { RETENTION_MS } from "./retention";

export interface Trashed {
  outcome: "trashed";
  id: string;
  name: string;
  deletedAt: Date;
  purgeAfter: Date;
  /** Numbers of the trainings that this act cancelled; for a project as "version.training". */
  cancelledTrainings: string[];
}

/** It was in Trash before. Nothing was done: who deleted it and its dates stay as they were. */
export interface AlreadyInTrash {
  outcome: "already_in_trash";
  id: string;
  name: string;
  deletedAt: Date;
  purgeAfter: Date;
}

export interface Restored {
  outcome: "restored" | "already_active";
  id: string;
  name: string;
}

export const TRASH_REASON = "moved to Trash";

export const purgeAfterOf = (ctx: Context): Date => new Date(ctx.now.getTime() + RETENTION_MS);

/** Said with a trash, if the person wants to. */
export interface Told {
  /** Why, in their words. */
  note?: string | undefined;
}

/** What every trash writes: when, by whom, the scheduled purge, with which API key, and why. Throws `invalid_input` for a note that cannot be stored. */
export const stampOf = (
  ctx: Context,
  { note }: Told,
): [
  deletedAt: Date,
  deletedById: string,
  purgeAfter: Date,
  deletedKeyId: string | null,
  deletedNote: string | null,
] => [
  ctx.now,
  personId(ctx.actor),
  purgeAfterOf(ctx),
  ctx.actor.type === "API_KEY" ? ctx.actor.keyId : null,
  parseNote(note),
];

/** The note as the audit log keeps it, also after a restore. */
export const toldDetails = ({ note }: Told): { note?: string } => {
  const said = parseNote(note);
  return said === null ? {} : { note: said };
};

/** A name that a person typed to confirm, ready to be compared in the statement that writes; null when nobody was asked. */
export const confirmation = (typed: string | undefined): string | null =>
  typed === undefined ? null : normalizeName(typed);

/** The person confirmed a name that the item does not have, or no longer has. Nothing was done. */
export function nameMismatch(type: "version" | "project", name: string): DomainError {
  return new DomainError("name_mismatch", `The ${type} is called "${name}". Type exactly that to confirm.`, { name });
}

/** In an audit row that a statement completes with what only it knows. */
export const UNKNOWN_TARGET = { targetId: "", targetName: "" };

export interface TrashedRow {
  id: string;
  name: string;
  cancelled: string[];
}

export const trashed = (ctx: Context, row: TrashedRow): Trashed => ({
  outcome: "trashed",
  id: row.id,
  name: row.name,
  deletedAt: ctx.now,
  purgeAfter: purgeAfterOf(ctx),
  cancelledTrainings: row.cancelled,
});

/** deletedAt and purgeAfter are set together (a CHECK). */
export const alreadyInTrash = ({
  id,
  name,
  deletedAt,
  purgeAfter,
}: {
  id: string;
  name: string;
  deletedAt: Date | null;
  purgeAfter: Date | null;
}): AlreadyInTrash => ({
  outcome: "already_in_trash",
  id,
  name,
  deletedAt: deletedAt!,
  purgeAfter: purgeAfter!,
});

/**
 * Runs an operation that answers undefined when its write found the row in another state than the read after it saw:
 * somebody else acted in between, so it is run again.
 */
export async function untilSettled<T>(run: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const result = await run();
    if (result) return result;
  }
  throw new DomainError("busy", "This item is being deleted and restored over and over at this moment. Try again.");
}

export function restoreParentFirst(type: "project" | "version", name: string): DomainError {
  return new DomainError("parent_in_trash", `Its ${type} "${name}" is in Trash. Restore the ${type} first.`, {
    parentType: type,
  });
}
