import type { AuditAction, AuditEntry } from "@/lib/domain/audit";

/** What an event has to know of a training. */
export interface NamedTraining {
  id: string;
  workspaceId: string;
  versionId: string;
  number: number;
}

/** Something that happened to a training; with its version, since numbers begin anew with each. */
export const trainingEvent = (
  action: Extract<AuditAction, `training.${string}`>,
  { id, workspaceId, versionId, number }: NamedTraining,
  details: Record<string, unknown> = {},
): AuditEntry => ({
  workspaceId,
  action,
  targetType: "training",
  targetId: id,
  targetName: `Training ${number}`,
  details: { versionId, ...details },
});
