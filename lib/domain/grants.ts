import { blobStore, type WriteGrant } from "@/lib/platform/blob-store";
import {
  prisma,
  query,
  statement,
  transaction,
  type Queries,
  type Statement,
  type Transaction,
} from "@/lib/platform/db";
import type { Holder, ItemType } from "@/lib/platform/generated/enums";
import { recordAudit, type AuditEntry } from "./audit";
import type { Context } from "./context";
import { DomainError } from "./errors";
import { LIVE_VERSION } from "./locks";
import { authorizeSystem } from "./permissions";

/*
 * The right to write files of an item. A lease tells an honest process when to stop; one that was paused wakes up after
 * its end, and writes. So whoever writes has a grant: a row of its own, taken under the lock of the item that it is for,
 * with an end by the database's clock. Nobody's cancel, retry or completion takes it away: only whoever has it, the sweep
 * once it is over, and a purge, which finds it under the item's lock and waits with its proof until its end. Once its
 * row is gone, nobody renews it. What a grant means to the files themselves, the store sees to (platform/blob-store).
 *
 * No path is written by two attempts: each writes to a place that has the attempt's own id in it, and the row that
 * completes names the place that counts. What no row names is rubbish, and is swept once the grant is over.
 */

/** What a grant is for: a project's own files, a version's, or a training's. */
export interface GrantedItem {
  workspaceId: string;
  projectId: string;
  versionId?: string;
  trainingId?: string;
}

/** The folder of a version: its images, manifest, downloads, thumbnails, and its trainings' folders. */
export const versionPrefix = (versionId: string): string => `versions/${versionId}/`;
/** The folder of a training: what it learned. */
export const trainingPrefix = (versionId: string, trainingId: string): string =>
  `${versionPrefix(versionId)}trainings/${trainingId}/`;
/** The folder of a project's source images. */
export const projectPrefix = (projectId: string): string => `projects/${projectId}/`;
/** Where browsers put a project's images on their way into it. */
export const storeUploadsPrefix = (projectId: string): string => `uploads/${projectId}/`;

function rootOf(holder: Holder, { projectId, versionId, trainingId }: GrantedItem): string {
  if (holder === "STORE_UPLOADS") return storeUploadsPrefix(projectId);
  if (versionId === undefined) return projectPrefix(projectId);
  return trainingId === undefined ? versionPrefix(versionId) : trainingPrefix(versionId, trainingId);
}

/**
 * Creates an item whose folder must be there before its row commits: made later, it could come back after a purge. Of one
 * that is refused the folder goes again. `within` is the folder of the item that it belongs to.
 */
export async function withRoot<T>(root: string, run: () => Promise<T>, within?: string): Promise<T> {
  const store = blobStore();
  await store.makeRoot(root, within);
  try {
    return await run();
  } catch (error) {
    if (error instanceof DomainError) await store.removePrefix(root).catch(() => {}); // else its row may be there
    throw error;
  }
}

/** Rows looked at at once. */
const ROOTS_BATCH = 1_000;

/**
 * Makes the folders of items that builds before this one left without: those made them with the first file. For a
 * migration; repeating changes nothing.
 */
export async function makeMissingRoots(): Promise<void> {
  const store = blobStore();
  async function each<Row extends { id: string }>(
    read: (after: string) => Promise<Row[]>,
    make: (row: Row) => Promise<void>,
  ): Promise<void> {
    for (let after = ""; ;) {
      const rows = await read(after);
      for (const row of rows) await make(row);
      if (rows.length < ROOTS_BATCH) return;
      after = rows.at(-1)!.id;
    }
  }
  const page = (after: string) =>
    ({ orderBy: { id: "asc" }, take: ROOTS_BATCH, where: { id: { gt: after } } }) as const;
  await each(
    (after) => prisma().project.findMany({ ...page(after), select: { id: true } }),
    ({ id }) => store.makeRoot(projectPrefix(id)),
  );
  await each(
    (after) =>
      prisma().version.findMany({
        ...page(after),
        where: { id: { gt: after }, status: { not: "READY" } }, // a ready one has files
        select: { id: true },
      }),
    ({ id }) => store.makeRoot(versionPrefix(id)),
  );
  await each(
    (after) =>
      prisma().training.findMany({
        ...page(after),
        where: { id: { gt: after }, endedAt: null },
        select: { id: true, versionId: true },
      }),
    ({ id, versionId }) => store.makeRoot(trainingPrefix(versionId, id), versionPrefix(versionId)),
  );
}

/** From when to when a grant is, by the database's clock. */
export type Term = Pick<WriteGrant, "from" | "until">;

/** A grant as its row's statement gave it. */
export const toGrant = (id: string, holder: Holder, item: GrantedItem, term: Term): WriteGrant => ({
  id,
  root: rootOf(holder, item),
  ...term,
});

/** The database's clock. */
const TAKE = statement({
  name: "grant-take",
  text: `
insert into grants (id, holder, workspace_id, project_id, version_id, training_id, until)
values ($1, $2::"Holder", $3, $4, $5, $6, now() + $7 * interval '1 millisecond')
returning now() as from, until`,
});

/** Takes a grant within a transaction that holds the item's lock and has seen that it is live. */
export async function takeGrant(
  tx: Queries,
  id: string,
  holder: Holder,
  item: GrantedItem,
  leaseMs: number,
): Promise<WriteGrant> {
  const { workspaceId, projectId, versionId = null, trainingId = null } = item;
  const [term] = await tx.query<Term>(TAKE, [id, holder, workspaceId, projectId, versionId, trainingId, leaseMs]);
  return toGrant(id, holder, item, term!);
}

/** Of a grant's row `g`, in SQL: its item and its project are not in Trash. */
const LIVE = `exists (
    select 1 from projects p where p.id = g.project_id and p.deleted_at is null
      and (g.version_id is null or exists (select 1 from versions v where v.id = g.version_id and ${LIVE_VERSION})))`;

/** hot: for each file of a generation now and then; the database's clock. The row is the fence: a purge takes it away. */
const RENEW = statement({
  name: "grant-renew",
  text: `
update grants g set until = greatest(g.until, now() + $2 * interval '1 millisecond')
where g.id = $1 and g.ended_at is null and ${LIVE} returning now() as from, g.until`,
});

/** Renews a grant. null: its item is in Trash or gone, or the grant is; stop, and take away what you wrote. */
export async function renewGrant(id: string, leaseMs: number): Promise<Term | null> {
  const [term] = await query<Term>(RENEW, [id, leaseMs]);
  return term ?? null;
}

/** A set; locks. */
const endOf = (type: keyof typeof END, column: string, only = ""): Statement =>
  statement({
    name: `grant-end-of-${type.toLowerCase()}s`,
    text: `
with ended as (delete from grants where ${column} = any($1::text[])${only} returning ${column} as id, until)
select id, max(until) as until from ended group by id`,
  });

const END: Record<Exclude<ItemType, "IMAGES">, Statement> = {
  PROJECT: endOf("PROJECT", "project_id", " and version_id is null"), // each version's end with the version
  VERSION: endOf("VERSION", "version_id"),
  TRAINING: endOf("TRAINING", "training_id"),
};

/**
 * Ends all grants of items that are purged, in that transaction, under their locks: none is taken or renewed any more.
 * Answers until when a process may still write, by the item's id: the proof waits for it.
 */
export async function endGrants(
  tx: Queries,
  type: Exclude<ItemType, "IMAGES">,
  ids: readonly string[],
): Promise<Map<string, Date>> {
  const ended = await tx.query<{ id: string; until: Date }>(END[type], [ids]);
  return new Map(ended.map(({ id, until }) => [id, until]));
}

/** One look, under the lock of what is purged. */
const UPLOADS_END = statement({
  name: "grant-end-of-uploads",
  text: `select max(until) as until from grants where project_id = $1 and holder = 'UPLOADS'`,
});

/**
 * Until when a write may still be on its way that began before now, by whoever adds images to a project. Their grants go on: an
 * image's files are published before its row, so that nobody begins to write what has one.
 */
export async function uploadsUntil(tx: Queries, projectId: string): Promise<Date | null> {
  const [row] = await tx.query<{ until: Date | null }>(UPLOADS_END, [projectId]);
  return row!.until;
}

/** Locks, so that no sweep takes the grant before the transaction ends. */
const HOLD = statement({
  name: "grant-hold",
  text: `select id from grants where id = $1 and ended_at is null for share`,
});

/**
 * What every transaction does that names files written under a grant, once it has locked their item: from then on they are
 * no rubbish. False: the grant was swept, and they are gone.
 */
export async function holdGrant(tx: Queries, id: string): Promise<boolean> {
  return (await tx.query(HOLD, [id])).length > 0;
}

/** Gives up a grant after whoever has it, or the sweep, has tidied up. */
export async function forgetGrant(id: string): Promise<void> {
  await prisma().grant.deleteMany({ where: { id } });
}

// ── Over ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How long a sweep may take over one grant before another sweep takes it too. */
const SWEEP_SECONDS = 600;

/** Of a grant `g`, in SQL: no other process may still be at work on the same, with a grant or as one of a build before. */
const ALONE = `not exists (
    select 1 from grants o where o.id <> g.id and o.ended_at is null and o.holder = g.holder and o.project_id = g.project_id
      and o.version_id is not distinct from g.version_id and o.training_id is not distinct from g.training_id)
  and not exists (select 1 from versions v where v.id = g.version_id and v.writers_until > now())`;

/** A set; locks; the database's clock. $2: how long after its end a write that began before may still arrive. */
const SEIZE = statement({
  name: "grant-seize",
  text: `
update grants set ended_at = now()
where id in (
  select g.id from grants g
  where g.until <= now() - $2 * interval '1 millisecond'
    and (g.ended_at is null or g.ended_at <= now() - ${SWEEP_SECONDS} * interval '1 second')
  order by g.until, g.id limit $1 for update skip locked
)
returning id, holder, workspace_id as "workspaceId", project_id as "projectId", version_id as "versionId", training_id as "trainingId"`,
});

/** Locks. */
const SEIZE_ONE = statement({
  name: "grant-seize-one",
  text: `
update grants set ended_at = now() where id = $1
returning id, holder, workspace_id as "workspaceId", project_id as "projectId", version_id as "versionId", training_id as "trainingId"`,
});

/** A grant that nobody can renew any more, and under which nothing more will be named. */
export interface EndedGrant {
  id: string;
  holder: Holder;
  root: string;
  item: GrantedItem;
}

interface EndedRow extends Pick<EndedGrant, "id" | "holder"> {
  workspaceId: string;
  projectId: string;
  versionId: string | null;
  trainingId: string | null;
}

function viewEnded({ id, holder, workspaceId, projectId, versionId, trainingId }: EndedRow): EndedGrant {
  const item: GrantedItem = {
    workspaceId,
    projectId,
    ...(versionId === null ? {} : { versionId }),
    ...(trainingId === null ? {} : { trainingId }),
  };
  return { id, holder, root: rootOf(holder, item), item };
}

/** Takes grants that have been over for `lateMs`, for the sweep of what their holders left. Each is forgotten after that. */
export async function seizeOverGrants(
  ctx: Context,
  { limit, lateMs }: { limit: number; lateMs: number },
): Promise<EndedGrant[]> {
  authorizeSystem(ctx);
  return (await query<EndedRow>(SEIZE, [limit, lateMs])).map(viewEnded);
}

/** The same for a grant whose own holder is done with it. null: a purge or the sweep has it already. */
export async function endGrant(id: string): Promise<EndedGrant | null> {
  const [row] = await query<EndedRow>(SEIZE_ONE, [id]);
  return row ? viewEnded(row) : null;
}

/** The database's clock. */
const IS_ALONE = statement({ name: "grant-is-alone", text: `select 1 from grants g where g.id = $1 and ${ALONE}` });

/**
 * Whether nobody else may be at work on what an ended grant was for. Asked after the store was listed and before the rows
 * are: then what was listed and is named by none is nobody's. False also when the item was purged, with all its grants.
 */
export async function isAlone(id: string): Promise<boolean> {
  return (await query(IS_ALONE, [id])).length > 0;
}

/** What a sweep took away. */
export interface Swept {
  files: number;
  bytes: number;
}

/** Forgets an ended grant, and tells in the audit log what was swept after it, unless its item is gone meanwhile. */
export async function forgetSwept(ctx: Context, { id, item }: EndedGrant, swept: Swept): Promise<void> {
  authorizeSystem(ctx);
  await transaction(async (tx) => {
    if (swept.files > 0) await recordSwept(tx, ctx, item, swept);
    await tx.grant.deleteMany({ where: { id } });
  });
}

/** Tells what was swept from an item. */
export async function recordSwept(tx: Transaction, ctx: Context, item: GrantedItem, swept: Swept): Promise<void> {
  const { workspaceId, projectId, versionId, trainingId } = item;
  const target = await findTarget(tx, { projectId, versionId, trainingId });
  if (target) await recordAudit(tx, ctx, [{ workspaceId, action: "files.swept", ...target, details: { ...swept } }]);
}

async function findTarget(
  tx: Transaction,
  {
    projectId,
    versionId,
    trainingId,
  }: { projectId: string; versionId?: string | undefined; trainingId?: string | undefined },
): Promise<Pick<AuditEntry, "targetType" | "targetId" | "targetName"> | null> {
  if (trainingId !== undefined) {
    const training = await tx.training.findUnique({ where: { id: trainingId }, select: { number: true } });
    return training && { targetType: "training", targetId: trainingId, targetName: `Training ${training.number}` };
  }
  if (versionId !== undefined) {
    const version = await tx.version.findUnique({ where: { id: versionId }, select: { name: true } });
    return version && { targetType: "version", targetId: versionId, targetName: version.name };
  }
  const project = await tx.project.findUnique({ where: { id: projectId }, select: { name: true } });
  return project && { targetType: "project", targetId: projectId, targetName: project.name };
}
