import { statement, type Queries, type Step, type Transaction } from "@/lib/platform/db";
import type { Prisma } from "@/lib/platform/generated/client";

/*
 * Who waits for whom. Every transaction takes its locks in one order, workspace, project, version, training, removal of
 * images, rows of one table by ascending id, and the strongest mode that it needs at once: then no two can wait for each other. What is looked
 * at is read in a statement after the lock, whose snapshot is taken once the lock is held; a statement that waits itself
 * sees other rows as they were before. A foreign key's own lock does not stop a trash.
 *
 * "Write" is FOR NO KEY UPDATE, which one transaction at a time has; "share" is FOR SHARE, which many have together while
 * none writes. FOR UPDATE is only for rows that are about to go (trash/purge-rows.ts).
 */

/** Of a version `v` of a project `p`, in SQL: neither is in Trash. */
export const LIVE_VERSION = `v.deleted_at is null and p.deleted_at is null`;

/** The same for Prisma. */
export const liveVersion = { deletedAt: null, project: { deletedAt: null } } satisfies Prisma.VersionWhereInput;

/**
 * Of source images, in SQL and for Prisma: not in Trash. Every read of images says by one of these which it means; a test
 * looks (lib/testing/image-reads.test.ts).
 */
export const LIVE_IMAGE = `removal_id is null`;
export const liveImage = { removalId: null } satisfies Prisma.ImageWhereInput;

/** Images in Trash as well: of what has bytes in the store, or was ever sent. */
export const EVERY_IMAGE = `true`;
export const everyImage = {} satisfies Prisma.ImageWhereInput;

export type LockMode = "write" | "share";

const MODES: Record<LockMode, string> = { write: "for no key update", share: "for share" };

const lock = (name: string, text: string, mode: LockMode, values: readonly unknown[]): Step => ({
  statement: statement({ name: `lock-${name}-${mode}`, text: `${text} ${MODES[mode]}` }),
  values,
});

/** For its figure of used images, its owners, its settings. */
export const workspaceLock = (id: string): Step =>
  lock("workspace", `select id from workspaces where id = $1`, "write", [id]);

export const projectLock = (id: string, mode: LockMode): Step =>
  lock("project", `select id from projects where id = $1`, mode, [id]);

/** For an id that a caller names: of another workspace nothing is locked. */
export const projectLockIn = (workspaceId: string, id: string, mode: LockMode): Step =>
  lock("project-in", `select id from projects where id = $1 and workspace_id = $2`, mode, [id, workspaceId]);

export const projectLockBySlug = (workspaceId: string, slug: string): Step =>
  lock("project-by-slug", `select id from projects where workspace_id = $1 and slug = $2`, "write", [
    workspaceId,
    slug,
  ]);

/** A version's project is its project for good, so it may be looked up in the statement that locks it. */
export const projectLockOfVersion = (versionId: string): Step =>
  lock(
    "project-of-version",
    `select id from projects where id = (select project_id from versions where id = $1)`,
    "share",
    [versionId],
  );

export const versionLock = (id: string, mode: LockMode): Step =>
  lock("version", `select id from versions where id = $1`, mode, [id]);

export const versionLockByNumber = (workspaceId: string, projectSlug: string, number: number): Step => ({
  statement: statement({
    name: "lock-version-by-number",
    text: `
select v.id from versions v join projects p on p.id = v.project_id
where p.workspace_id = $1 and p.slug = $2 and v.number = $3 ${MODES.write} of v`,
  }),
  values: [workspaceId, projectSlug, number],
});

/** A training's version is its version for good. */
export const versionLockOfTraining = (trainingId: string): Step =>
  lock(
    "version-of-training",
    `select id from versions where id = (select version_id from trainings where id = $1)`,
    "write",
    [trainingId],
  );

export const trainingLock = (id: string): Step =>
  lock("training", `select id from trainings where id = $1`, "write", [id]);

/** Of source images in Trash; within it, of single images by ascending id. */
export const removalLock = (id: string): Step =>
  lock("image-removal", `select id from image_removals where id = $1`, "write", [id]);

/** Takes locks within a transaction, one after the other, in the order of the house. */
export async function takeLocks(tx: Queries, ...locks: readonly Step[]): Promise<void> {
  for (const { statement, values } of locks) await tx.query(statement, values);
}

/** Locks a project until the transaction ends and looks whether it is live: false when it is in Trash, or gone. */
export async function lockLiveProject(tx: Transaction, projectId: string, mode: LockMode): Promise<boolean> {
  await takeLocks(tx, projectLock(projectId, mode));
  return (await tx.project.findFirst({ where: { id: projectId, deletedAt: null }, select: { id: true } })) !== null;
}

/**
 * What everything does that needs a live version: shares the project's lock, takes the version's, and looks at both once
 * they are held, so that neither goes to Trash until the transaction ends. False when one is there, or gone.
 */
export async function lockLiveVersion(tx: Transaction, versionId: string, mode: LockMode): Promise<boolean> {
  await takeLocks(tx, projectLockOfVersion(versionId), versionLock(versionId, mode));
  return (await tx.version.findFirst({ where: { id: versionId, ...liveVersion }, select: { id: true } })) !== null;
}
