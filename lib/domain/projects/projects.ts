import { prisma, transaction } from "@/lib/platform/db";
import type { ProjectType, Split } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { recordAudit } from "@/lib/domain/audit";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { projectPrefix, withRoot } from "@/lib/domain/grants";
import { countImagesOf } from "@/lib/domain/images";
import { getLiveProject, type SluggedProjectRef, type VersionRef } from "@/lib/domain/item-state";
import { parseName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";
import { assertSlug, slugsFor } from "@/lib/domain/slugs";
import { getVersion, listVersionsOf, type VersionSummary, type VersionView } from "@/lib/domain/versions";

/** A live project with what its images add up to. */
export interface ProjectView {
  id: string;
  workspaceSlug: string;
  slug: string;
  name: string;
  type: ProjectType;
  annotation: string;
  createdAt: Date;
  updatedAt: Date;
  images: number;
  /** With neither a class nor a box, whichever the project has. */
  unlabelledImages: number;
  splits: Record<Split, number>;
  /** Images per class; in an object detection project boxes per class. */
  classes: Record<string, number>;
  /** Live versions; those in Trash are in no count. */
  versions: number;
}

export interface WorkspaceView {
  slug: string;
  name: string;
  members: number;
  projects: ProjectView[];
}

const COLUMNS = {
  id: true,
  slug: true,
  name: true,
  type: true,
  annotation: true,
  createdAt: true,
  updatedAt: true,
} as const;

async function viewProjects(
  workspace: { workspaceId: string; slug: string },
  only: { id?: string; slug?: string },
): Promise<ProjectView[]> {
  const projects = await prisma().project.findMany({
    where: { workspaceId: workspace.workspaceId, deletedAt: null, ...only },
    select: { ...COLUMNS, _count: { select: { versions: { where: { deletedAt: null, status: { not: "FAILED" } } } } } },
    orderBy: { createdAt: "asc" },
  });
  const counts = await countImagesOf(projects);
  return projects.map(({ _count, ...project }) => {
    const { unannotated, ...count } = counts.get(project.id)!;
    return {
      ...project,
      ...count,
      workspaceSlug: workspace.slug,
      unlabelledImages: unannotated,
      versions: _count.versions,
    };
  });
}

/** The workspace with its live projects, oldest first. Throws `not_found`. */
export async function getWorkspace(ctx: Context, workspaceSlug: string): Promise<WorkspaceView> {
  const workspace = authorize(ctx, "read workspace", workspaceSlug);
  const [members, projects] = await Promise.all([countMembers(workspace.workspaceId), viewProjects(workspace, {})]);
  return { slug: workspace.slug, name: workspace.name, members, projects };
}

export interface ProjectWithVersions {
  workspace: { slug: string; name: string; members: number };
  project: ProjectView;
  versions: VersionSummary[];
}

const countMembers = (workspaceId: string): Promise<number> => prisma().membership.count({ where: { workspaceId } });

/** A live project and its live versions, newest first. Throws `not_found`, `in_trash`, `purged`. */
export async function getProject(ctx: Context, ref: SluggedProjectRef): Promise<ProjectWithVersions> {
  const workspace = authorize(ctx, "read projects", ref.workspaceSlug);
  const { id } = await getLiveProject(workspace.workspaceId, ref);
  const [members, [project], versions] = await Promise.all([
    countMembers(workspace.workspaceId),
    viewProjects(workspace, { id }),
    listVersionsOf(id),
  ]);
  if (!project) return getProject(ctx, ref); // went to Trash between the two reads: say so
  return { workspace: { slug: workspace.slug, name: workspace.name, members }, project, versions };
}

export interface VersionWithProject extends Omit<ProjectWithVersions, "versions"> {
  version: VersionView;
}

/** A live version with its project. Throws as getVersion. */
export async function getVersionWithProject(ctx: Context, ref: VersionRef): Promise<VersionWithProject> {
  const workspace = authorize(ctx, "read versions", ref.workspaceSlug);
  const version = await getVersion(ctx, ref);
  const [members, [project]] = await Promise.all([
    countMembers(workspace.workspaceId),
    viewProjects(workspace, { slug: ref.projectSlug }),
  ]);
  if (!project) return getVersionWithProject(ctx, ref); // went to Trash between the two reads: say so
  return { workspace: { slug: workspace.slug, name: workspace.name, members }, project, version };
}

export interface NewProject {
  workspaceSlug: string;
  /** Left out: made from the name, with -2, -3 … behind it while that is taken. */
  projectSlug?: string;
  name: string;
  type: ProjectType;
  /** What is labelled: "digits". */
  annotation: string;
}

/**
 * Makes an empty project. A slug stays taken while its project is in Trash, so that a restore never collides.
 * Throws `already_exists` for a slug that was asked for, `invalid_input`.
 */
export async function createProject(ctx: Context, input: NewProject): Promise<ProjectView> {
  const workspace = authorize(ctx, "create project", input.workspaceSlug);
  if (input.projectSlug !== undefined) assertSlug(input.projectSlug);
  const name = parseName(input.name);
  const annotation = parseAnnotation(input.annotation);
  const id = newId();
  const slugs = input.projectSlug === undefined ? slugsFor(name) : [input.projectSlug];
  const insert = () =>
    transaction(async (tx) => {
      for (const candidate of slugs) {
        const made = await tx.project.createMany({
          data: {
            id,
            workspaceId: workspace.workspaceId,
            slug: candidate,
            name,
            type: input.type,
            annotation,
            createdById: personId(ctx.actor),
            createdAt: ctx.now,
            updatedAt: ctx.now,
          },
          skipDuplicates: true,
        });
        if (made.count === 0) continue;
        await recordAudit(tx, ctx, [
          {
            workspaceId: workspace.workspaceId,
            action: "project.created",
            targetType: "project",
            targetId: id,
            targetName: name,
          },
        ]);
        return candidate;
      }
      throw new DomainError(
        "already_exists",
        `There is a project "${input.projectSlug ?? name}" already, live or in Trash. Choose another name, or restore that one.`,
      );
    });
  const slug = await withRoot(projectPrefix(id), insert);
  return {
    id,
    workspaceSlug: workspace.slug,
    slug,
    name,
    type: input.type,
    annotation,
    createdAt: ctx.now,
    updatedAt: ctx.now,
    images: 0,
    unlabelledImages: 0,
    splits: { TRAIN: 0, VALID: 0, TEST: 0 },
    classes: {},
    versions: 0,
  };
}

/** What a project's annotations mark, in a word or two; may be empty. Throws `invalid_input`. */
function parseAnnotation(annotation: string): string {
  return annotation.trim() === "" ? "" : parseName(annotation);
}
