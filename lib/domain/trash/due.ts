import { prisma, query, statement, type Queries, type Statement } from "@/lib/platform/db";
import type { Context } from "@/lib/domain/context";
import { REMOVAL_NAME } from "@/lib/domain/item-state";
import { ITEM_TYPES, type ItemType } from "@/lib/domain/item-types";
import { authorizeSystem } from "@/lib/domain/permissions";
import { ROW_OF, ROWS } from "./items";
import { BATCH } from "./purge-rows";

/*
 * What a scheduled run takes, said once: the run works it off, a dry run prints it, a run that only reports counts it.
 */

/** Something that may be due; looked at again once it is locked. */
export interface Candidate {
  type: ItemType;
  id: string;
  workspaceId: string;
}

export type Due = Candidate & { purgeAfter: Date };

/** What is due by $1, as the end of a SELECT: nothing of a project whose purge has begun, which goes with it. */
const due = (type: ItemType): string => {
  const row = ROW_OF[type];
  return `from ${ROWS[type]} where ${row}.purge_after <= $1 and p.purge_started_at is null`;
};

const dueBranch = (type: ItemType): string => {
  const row = ROW_OF[type];
  return `(select '${type}' as type, ${row}.id, ${row}.workspace_id, ${row}.purge_after
    ${due(type)} and (${row}.purge_after, ${row}.id) > ($2, $3) order by ${row}.purge_after, ${row}.id limit $4)`;
};

/** hot: a page of what may be millions, over the indexes of the types. */
const DUE = statement({
  name: "purge-due",
  text: `
select type, id, workspace_id as "workspaceId", purge_after as "purgeAfter" from (
  ${ITEM_TYPES.map(dueBranch).join(" union all ")}
) due order by purge_after, id limit $4`,
});

/** hot: bounded, over tables of any size. */
const REMAINING = statement({
  name: "purge-remaining",
  text: `
select count(*)::int as remaining from (
  select 1 from projects where purge_started_at is not null
  ${ITEM_TYPES.map((type) => `union all select 1 ${due(type)}`).join(" ")} limit 10000
) due`,
});

/** Projects whose purge has begun, the longest first. */
const listBegun = async (): Promise<Due[]> =>
  (
    await prisma().project.findMany({
      where: { purgeStartedAt: { not: null } },
      orderBy: [{ purgeStartedAt: "asc" }, { id: "asc" }],
      take: 1000,
      select: { id: true, workspaceId: true, purgeAfter: true },
    })
  ).map(({ purgeAfter, ...project }) => ({ type: "PROJECT", ...project, purgeAfter: purgeAfter! })); // a claim is in Trash (a CHECK)

/** `begun`: their purge has begun, and nothing brings them back. */
export interface DuePage {
  begun: boolean;
  items: Due[];
}

/** In pages, as they are when their turn comes: projects whose purge has begun, then all that is due, oldest first. */
export async function* listDue(ctx: Context): AsyncGenerator<DuePage> {
  authorizeSystem(ctx);
  const begun = await listBegun();
  if (begun.length > 0) yield { begun: true, items: begun };
  let after = { purgeAfter: new Date(0), id: "" };
  for (;;) {
    const items = await query<Due>(DUE, [ctx.now, after.purgeAfter, after.id, BATCH]);
    if (items.length === 0) return;
    after = items.at(-1)!;
    yield { begun: false, items };
  }
}

/** How much is due, projects whose purge has begun among it; counted up to 10,000. */
export async function countDue(ctx: Context): Promise<number> {
  authorizeSystem(ctx);
  const [row] = await query<{ remaining: number }>(REMAINING, [ctx.now]);
  return row!.remaining;
}

/** An item as people know it. */
export interface ItemName {
  workspaceSlug: string;
  projectSlug: string;
  projectName: string;
  name: string;
  /** A version's number, also of a training's version. */
  number: number | null;
  trainingNumber: number | null;
  /** Of images: how many. */
  images: number | null;
}

const FACTS: Record<ItemType, string> = {
  PROJECT: `p.name, null::int as number, null::int as "trainingNumber", null::int as images`,
  VERSION: `x.name, x.number, null::int as "trainingNumber", null::int as images`,
  TRAINING: `'Training ' || x.number as name, v.number, x.number as "trainingNumber", null::int as images`,
  IMAGES: `${REMOVAL_NAME} as name, null::int as number, null::int as "trainingNumber", x.images`,
};

/** A set of any type. */
const namesOf = (type: ItemType): Statement =>
  statement({
    name: `names-of-${type.toLowerCase()}s`,
    text: `
select ${ROW_OF[type]}.id, w.slug as "workspaceSlug", p.slug as "projectSlug", p.name as "projectName", ${FACTS[type]}
from ${ROWS[type]} join workspaces w on w.id = p.workspace_id where ${ROW_OF[type]}.id = any($1::text[])`,
  });

const NAMES: Record<ItemType, Statement> = {
  PROJECT: namesOf("PROJECT"),
  VERSION: namesOf("VERSION"),
  TRAINING: namesOf("TRAINING"),
  IMAGES: namesOf("IMAGES"),
};

/** The names of those that are still there, by their ids. For the system's own jobs. */
export async function nameItems(
  ctx: Context,
  items: readonly Pick<Candidate, "type" | "id">[],
  run: Queries["query"] = query,
): Promise<Map<string, ItemName>> {
  authorizeSystem(ctx);
  const names = new Map<string, ItemName>();
  for (const type of ITEM_TYPES) {
    const ids = items.filter((item) => item.type === type).map(({ id }) => id);
    if (ids.length === 0) continue;
    for (const { id, ...name } of await run<ItemName & { id: string }>(NAMES[type], [ids])) names.set(id, name);
  }
  return names;
}

/** What a run at `ctx.now` would take, item by item. */
export async function* foreseeRun(ctx: Context): AsyncGenerator<Due & { begun: boolean; name: ItemName | undefined }> {
  for await (const { begun, items } of listDue(ctx)) {
    const names = await nameItems(ctx, items);
    for (const item of items) yield { ...item, begun, name: names.get(item.id) };
  }
}
