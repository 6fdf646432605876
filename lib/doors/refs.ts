import { z } from "zod";
import { DomainError } from "@/lib/domain/errors";
import type { SluggedProjectRef, TrainingRef, VersionRef } from "@/lib/domain/item-state";
import { NUMBER_MAX, projectParams, versionParams } from "@/lib/doors/fields";
import { trainingParams } from "@/lib/doors/trainings/schemas";

/*
 * What a browser names, in a path or in a form, as the domain's refs, by the same patterns as the API's.
 */

/** An opaque id. No control characters: PostgreSQL takes no NUL. */
export const itemId = z.string().regex(/^[\x21-\x7e]{1,200}$/);
export const projectRef = z.object({
  workspaceSlug: projectParams.shape.workspace,
  projectSlug: projectParams.shape.project,
});
export const versionRef = projectRef.extend({ number: z.int().min(1).max(NUMBER_MAX) });
export const trainingRef = versionRef.extend({ trainingId: itemId });

interface PathParams {
  workspace: string;
  project: string;
}

const nothing = () => new DomainError("not_found", "There is nothing at this address.");

/** A path that fits no pattern is one where nothing exists: these throw `not_found`. */
export function toProjectRef(params: PathParams): SluggedProjectRef {
  const parsed = projectParams.safeParse(params);
  if (!parsed.success) throw nothing();
  return { workspaceSlug: parsed.data.workspace, projectSlug: parsed.data.project };
}

export function toVersionRef(params: PathParams & { version: string }): VersionRef {
  const parsed = versionParams.safeParse(params);
  if (!parsed.success) throw nothing();
  return { workspaceSlug: parsed.data.workspace, projectSlug: parsed.data.project, number: parsed.data.version };
}

export function toTrainingRef(params: PathParams & { version: string; training: string }): TrainingRef {
  const parsed = trainingParams.safeParse(params);
  if (!parsed.success) throw nothing();
  const { workspace, project, version, training } = parsed.data;
  return { workspaceSlug: workspace, projectSlug: project, number: version, trainingId: training };
}
