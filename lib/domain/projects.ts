import { prisma, transaction, type Statement } from "@/lib/platform/db";
import type { ProjectType, Split } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { recordAudit } from "./audit";
import { personId, type Context } from "./context";
import { refuseDuplicate } from "./errors";
import { getLiveProject, type SluggedProjectRef, type VersionRef } from "./item-state";
import { parseName } from "./names";
import { authorize } from "./permissions";
import { assertSlug } from "./slugs";
import { getVersion, listVersionsOf, type VersionView } from "./versions";

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
  unlabelledImages: number;
  splits: Record<Split, number>;
  /** Images per class. */
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

const COLUMNS = { id: true, slug: true, name: true, type: true, annotation: true, createdAt: true, updatedAt: true } as const;

async function viewProjects(workspace: { workspaceId: string; slug: string }, only: { id?: string; slug?: string }): Promise<ProjectView[]> {
  const projects = await prisma().project.findMany({
    where: { workspaceId: workspace.workspaceId, deletedAt: null, ...only },
    select: { ...COLUMNS, _count: { select: { versions: { where: { deletedAt: null, status: { not: "FAILED" } } } } } },
    orderBy: { createdAt: "asc" },
  });
  const groups = await prisma().image.groupBy({ by: ["projectId", "split", "label"], where: { projectId: { in: projects.map((p) => p.id) } }, _count: true });
  return projects.map(({ _count, ...project }) => {
    const splits: Record<Split, number> = { TRAIN: 0, VALID: 0, TEST: 0 };
    const classes: Record<string, number> = {};
    let unlabelledImages = 0;
    for (const group of groups) {
      if (group.projectId !== project.id) continue;
      splits[group.split] += group._count;
      if (group.label === null) unlabelledImages += group._count;
      else classes[group.label] = (classes[group.label] ?? 0) + group._count;
    }
    const images = splits.TRAIN + splits.VALID + splits.TEST;
    return { ...project, workspaceSlug: workspace.slug, images, unlabelledImages, splits, classes, versions: _count.versions };
  });
}

/** The workspace with its live projects, oldest first. Throws `not_found`. */
export async function getWorkspace(ctx: Context, workspaceSlug: string): Promise<WorkspaceView> {
  const workspace = authorize(ctx, "read workspace", workspaceSlug);
  const [members, projects] = await Promise.all([
    countMembers(workspace.workspaceId),
    viewProjects(workspace, {}),
  ]);
  return { slug: workspace.slug, name: workspace.name, members, projects };
}

export interface ProjectPage {
  workspace: { slug: string; name: string; members: number };
  project: ProjectView;
  versions: VersionView[];
}

const countMembers = (workspaceId: string): Promise<number> => prisma().membership.count({ where: { workspaceId } });

/** A live project and its live versions, newest first. Throws `not_found`, `in_trash`, `purged`. */
export async function getProject(ctx: Context, ref: SluggedProjectRef): Promise<ProjectPage> {
  const workspace = authorize(ctx, "read projects", ref.workspaceSlug);
  const { id } = await getLiveProject(workspace.workspaceId, ref);
  const [members, [project], versions] = await Promise.all([countMembers(workspace.workspaceId), viewProjects(workspace, { id }), listVersionsOf(id)]);
  if (!project) return getProject(ctx, ref); // went to Trash between the two reads: say so
  return { workspace: { slug: workspace.slug, name: workspace.name, members }, project, versions };
}

export interface VersionPage extends Omit<ProjectPage, "versions"> {
  version: VersionView;
}

/** A live version with its project. Throws as getVersion. */
export async function getVersionPage(ctx: Context, ref: VersionRef): Promise<VersionPage> {
  const workspace = authorize(ctx, "read versions", ref.workspaceSlug);
  const version = await getVersion(ctx, ref);
  const [members, [project]] = await Promise.all([countMembers(workspace.workspaceId), viewProjects(workspace, { slug: ref.projectSlug })]);
  if (!project) return getVersionPage(ctx, ref); // went to Trash between the two reads: say so
  return { workspace: { slug: workspace.slug, name: workspace.name, members }, project, version };
}

const INSERT: Statement = {
  name: "insert-project",
  text: `insert into projects (id, workspace_id, slug, name, type, annotation, created_by_id, created_at, updated_at)
         values ($1, $2, $3, $4, $5::"ProjectType", $6, $7, $8, $8)`,
};

/**
 * Makes an empty project. A slug stays taken while its project is in Trash, so that a restore never collides.
 * Throws `already_exists`, `invalid_input`.
 */
export async function createProject(ctx: Context, input: SluggedProjectRef & { name: string; type: ProjectType; annotation: string }): Promise<{ id: string }> {
  const { workspaceId } = authorize(ctx, "create project", input.workspaceSlug);
  assertSlug(input.projectSlug);
  const name = parseName(input.name);
  const id = newId();
  await refuseDuplicate(`There is a project "${input.projectSlug}" already, live or in Trash. Choose another name, or restore that one.`, () =>
    transaction(async (tx) => {
      await tx.query(INSERT, [id, workspaceId, input.projectSlug, name, input.type, input.annotation, personId(ctx.actor), ctx.now]);
      await recordAudit(tx, ctx, [{ workspaceId, action: "project.created", targetType: "project", targetId: id, targetName: name }]);
    }),
  );
  return { id };
}
