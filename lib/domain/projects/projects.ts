import { randomInt } from "node:crypto";
import { prisma, query, statement, transaction } from "@/lib/platform/db";
import type { Prisma } from "@/lib/platform/generated/client";
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
import { getVersion, listVersionsOf, SEEDS, type VersionSummary, type VersionView } from "@/lib/domain/versions";

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
  /** Left out: made from the name. */
  projectSlug?: string;
  /** Of a slug made from the name that is taken, the next free one: -2, -3 … Without this it is refused. */
  orNextSlug?: boolean;
  name: string;
  type: ProjectType;
  /** What is labelled: "digits". */
  annotation: string;
}

/**
 * Makes an empty project. A slug is its project's for good, in Trash and after the purge too, so that a restore never
 * collides and no old address ever answers for something else. A program gets `already_exists` with the next free slug in
 * the details, never that one unasked: it may only have failed to find the project that it means.
 * Throws `already_exists`, `invalid_input`.
 */
export async function createProject(ctx: Context, input: NewProject): Promise<ProjectView> {
  const workspace = authorize(ctx, "create project", input.workspaceSlug);
  const { workspaceId } = workspace;
  if (input.projectSlug !== undefined) assertSlug(input.projectSlug);
  const name = parseName(input.name);
  const annotation = parseAnnotation(input.annotation);
  const wanted = input.projectSlug ?? firstSlug(name);
  const candidates =
    input.orNextSlug && input.projectSlug === undefined ? (await findFree(workspaceId, name)).slugs : [wanted];
  const id = newId();
  const row = {
    id,
    workspaceId,
    name,
    type: input.type,
    annotation,
    seed: randomInt(SEEDS),
    createdById: personId(ctx.actor),
    createdAt: ctx.now,
    updatedAt: ctx.now,
  };
  const slug = await withRoot(projectPrefix(id), async () => {
    for (const candidate of candidates) if (await insertProject(ctx, { ...row, slug: candidate })) return candidate;
    throw await slugTaken(workspaceId, wanted, input.projectSlug ?? name);
  });
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

/** Rolls back what was inserted under a slug that turned out to be a purged project's. */
class WasPurged extends Error {}

/** False: the slug is taken. */
async function insertProject(
  ctx: Context,
  row: Prisma.ProjectCreateManyInput & { id: string; slug: string },
): Promise<boolean> {
  const { id, workspaceId, slug, name } = row;
  const insert = transaction(async (tx) => {
    // Waits for a purge that is about to remove the project which has the slug; its receipt was written before.
    const made = await tx.project.createMany({ data: row, skipDuplicates: true });
    if (made.count === 0) return false;
    const receipt = { workspaceId, projectSlug: slug, itemType: "PROJECT" as const };
    if (await tx.purgeReceipt.findFirst({ where: receipt, select: { id: true } })) throw new WasPurged();
    await recordAudit(tx, ctx, [
      { workspaceId, action: "project.created", targetType: "project", targetId: id, targetName: name },
    ]);
    return true;
  });
  return insert.catch((error: unknown) => {
    if (error instanceof WasPurged) return false;
    throw error;
  });
}

type SlugState = "live" | "in_trash" | "purged";

/** Whose slugs these are, in one look. */
const TAKEN_SLUGS = statement({
  name: "project-slugs-taken",
  text: `
select slug, case when purge_started_at is not null then 'purged' when deleted_at is not null then 'in_trash' else 'live' end as state
from projects where workspace_id = $1 and slug = any($2::text[])
union all
select project_slug, 'purged' from purge_receipts
where workspace_id = $1 and project_slug = any($2::text[]) and item_type = 'PROJECT'`,
});

/** The slugs that a thing of that name could have and nobody had, best first; and by whom the others are had. */
async function findFree(
  workspaceId: string,
  name: string,
): Promise<{ slugs: string[]; taken: ReadonlyMap<string, SlugState> }> {
  const candidates = [...slugsFor(name)];
  const rows = await query<{ slug: string; state: SlugState }>(TAKEN_SLUGS, [workspaceId, candidates]);
  const taken = new Map(rows.reverse().map(({ slug, state }) => [slug, state])); // a project before a receipt of old
  return { slugs: candidates.filter((slug) => !taken.has(slug)), taken };
}

const firstSlug = (name: string): string => slugsFor(name).next().value!; // every name gives one

const WHOSE: Record<SlugState, (slug: string) => string> = {
  live: (slug) => `There is a project at "${slug}" already.`,
  in_trash: (slug) => `The project at "${slug}" is in Trash. Restore it to use it.`,
  purged: (slug) => `The project at "${slug}" was permanently deleted; its address is given to no other.`,
};

async function slugTaken(workspaceId: string, slug: string, name: string): Promise<DomainError> {
  const { slugs, taken } = await findFree(workspaceId, name);
  const [next] = slugs;
  return new DomainError(
    "already_exists",
    `${WHOSE[taken.get(slug) ?? "live"](slug)} For another project, choose another name${next === undefined ? "" : `: "${next}" is free`}.`,
    { slug, ...(next === undefined ? {} : { hint: next }) },
  );
}

/**
 * The slug that a project of that name would have, and the one that it would have had, were that not taken: for a form
 * that shows the address before there is one. Somebody else may be quicker.
 */
export async function previewSlug(
  ctx: Context,
  input: { workspaceSlug: string; name: string },
): Promise<{ slug: string; wanted: string }> {
  const { workspaceId } = authorize(ctx, "create project", input.workspaceSlug);
  const wanted = firstSlug(input.name);
  const { slugs } = await findFree(workspaceId, input.name);
  return { slug: slugs[0] ?? wanted, wanted };
}

/** What a project's annotations mark, in a word or two; may be empty. Throws `invalid_input`. */
function parseAnnotation(annotation: string): string {
  return annotation.trim() === "" ? "" : parseName(annotation);
}
