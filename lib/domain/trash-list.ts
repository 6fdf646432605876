import { query, type Statement } from "@/lib/platform/db";
import type { ItemType } from "@/lib/platform/generated/enums";
import type { Context } from "./context";
import { DomainError } from "./errors";
import { authorize } from "./permissions";

/** One thing in Trash. What does not apply to its type is null. */
export interface TrashItem {
  type: ItemType;
  id: string;
  name: string;
  deletedAt: Date;
  /** The scheduled purge: from this instant on it may be purged. */
  purgeAfter: Date;
  deletedById: string;
  /** null when the person's account is gone, or a job did it. */
  deletedByName: string | null;
  projectId: string;
  projectSlug: string;
  projectName: string;
  versionId: string | null;
  /** The version's number, also of a training's version. */
  number: number | null;
  /** Why it cannot be restored by itself now, if so. */
  blockedBy: "PROJECT" | "VERSION" | null;
}

export interface TrashPage {
  items: TrashItem[];
  /** Give it back to read on; null at the end. */
  nextCursor: string | null;
}

/** The most items one call answers. */
export const TRASH_PAGE_MAX = 10_000;

/*
 * Three index scans in (deleted_at desc, id desc), merged; never sorted (trash-list.test.ts looks at the plan).
 * Every branch names the workspace as a constant: joined instead, the planner would sort the whole Trash.
 * Items of a project whose purge has begun are past restoring and not listed.
 */
const PAGE = `x.workspace_id = $1 and x.deleted_at is not null and (x.deleted_at, x.id) < ($2, $3)`;

const BRANCHES: Record<ItemType, string> = {
  PROJECT: `
    select 'PROJECT' as type, x.id, x.name, x.deleted_at, x.purge_after, x.deleted_by_id,
      x.id as project_id, x.slug as project_slug, x.name as project_name, null as version_id, null::int as number, null as blocked_by
    from projects x
    where ${PAGE} and x.purge_started_at is null
    order by x.deleted_at desc, x.id desc limit $4`,
  VERSION: `
    select 'VERSION', x.id, x.name, x.deleted_at, x.purge_after, x.deleted_by_id,
      p.id, p.slug, p.name, x.id, x.number, case when p.deleted_at is not null then 'PROJECT' end
    from versions x join projects p on p.id = x.project_id
    where ${PAGE} and p.purge_started_at is null
    order by x.deleted_at desc, x.id desc limit $4`,
  TRAINING: `
    select 'TRAINING', x.id, 'Training ' || x.number, x.deleted_at, x.purge_after, x.deleted_by_id,
      p.id, p.slug, p.name, v.id, v.number, case when p.deleted_at is not null then 'PROJECT' when v.deleted_at is not null then 'VERSION' end
    from trainings x join versions v on v.id = x.version_id join projects p on p.id = v.project_id
    where ${PAGE} and p.purge_started_at is null
    order by x.deleted_at desc, x.id desc limit $4`,
};

const TYPES: readonly ItemType[] = ["PROJECT", "VERSION", "TRAINING"];

/** The listing of all types, or of one. Exported for the test that explains it. */
export function listStatement(type?: ItemType): Statement {
  const branches = type ? `(${BRANCHES[type]})` : TYPES.map((t) => `(${BRANCHES[t]})`).join(" union all ");
  return {
    name: `list-trash-${type ?? "all"}`,
    text: `with page (type, id, name, deleted_at, purge_after, deleted_by_id, project_id, project_slug, project_name, version_id, number, blocked_by) as not materialized (${branches})
      select page.type, page.id, page.name, page.deleted_at as "deletedAt", page.purge_after as "purgeAfter",
        page.deleted_by_id as "deletedById", (select u.name from users u where u.id = page.deleted_by_id) as "deletedByName",
        page.project_id as "projectId", page.project_slug as "projectSlug", page.project_name as "projectName",
        page.version_id as "versionId", page.number, page.blocked_by as "blockedBy"
      from page order by page.deleted_at desc, page.id desc limit $4`,
  };
}

const STATEMENTS = { ALL: listStatement(), PROJECT: listStatement("PROJECT"), VERSION: listStatement("VERSION"), TRAINING: listStatement("TRAINING") };

/** Sorts after every item there can be. */
const BEGINNING = { deletedAt: new Date("9999-12-31T00:00:00Z"), id: "~" };

function encodeCursor(item: TrashItem): string {
  return Buffer.from(`${item.deletedAt.toISOString()} ${item.id}`).toString("base64url");
}

/** Four digits for the year: JavaScript knows years that PostgreSQL does not. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function decodeCursor(cursor: string): { deletedAt: Date; id: string } {
  const [instant, id] = Buffer.from(cursor, "base64url").toString("utf8").split(" ");
  const deletedAt = new Date(instant && INSTANT.test(instant) ? instant : "");
  if (!id || !/^[0-9a-f-]{36}$/.test(id) || Number.isNaN(deletedAt.getTime())) {
    throw new DomainError("invalid_input", "This cursor is not one that we gave. Leave it out to start from the newest item.", { field: "cursor" });
  }
  return { deletedAt, id };
}

/**
 * What waits in a workspace's Trash, newest first, in pages by keyset: the same cost at any depth and size.
 * Versions of a trashed project that were live are not items of their own; those trashed before it are.
 */
export async function listTrash(ctx: Context, input: { workspaceSlug: string; type?: ItemType | undefined; limit?: number | undefined; cursor?: string | undefined }): Promise<TrashPage> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const limit = Math.min(input.limit ?? TRASH_PAGE_MAX, TRASH_PAGE_MAX);
  const from = input.cursor === undefined ? BEGINNING : decodeCursor(input.cursor);
  const rows = await query<TrashItem>(STATEMENTS[input.type ?? "ALL"], [workspaceId, from.deletedAt, from.id, limit + 1]);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? encodeCursor(last) : null };
}
