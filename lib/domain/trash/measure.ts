import { atomic, statement } from "@/lib/platform/db";
import { log } from "@/lib/platform/log";
import { bytesHeldBy } from "./holdings";

/*
 * What something in Trash holds can become less while it waits: a training or a version in it is purged by itself. Its
 * place in the order by size is then measured anew, after that purge has committed and in a short transaction of its own:
 * within the purge's, a project would be locked after what is in it.
 */

const again = (type: "PROJECT" | "VERSION", table: string) =>
  [
    // locks
    statement({
      name: `measure-lock-${table}`,
      text: `select id from ${table} where id = any($1::text[]) and deleted_at is not null order by id for no key update`,
    }),
    // a set, in a statement after the lock
    statement({
      name: `measure-${table}`,
      text: `update ${table} item set trashed_bytes = ${bytesHeldBy(type, "item.id")} where item.id = any($1::text[]) and item.deleted_at is not null`,
    }),
  ] as const;

const VERSIONS = again("VERSION", "versions");
const PROJECTS = again("PROJECT", "projects");

/**
 * Measures those of the versions and projects anew that are in Trash, once something in them was purged. Never throws:
 * the purge is done, and a size that is out of date misplaces a row and nothing more.
 */
export async function measureAgain(parents: {
  versionIds?: Iterable<string>;
  projectIds: Iterable<string>;
}): Promise<void> {
  for (const [statements, given] of [
    [VERSIONS, parents.versionIds ?? []],
    [PROJECTS, parents.projectIds],
  ] as const) {
    const ids = [...new Set(given)];
    if (ids.length === 0) continue;
    await atomic(statements.map((one) => ({ statement: one, values: [ids] }))).catch((err: unknown) =>
      log().warn(
        { err, ids },
        "what these hold could not be measured anew; their place in Trash by size is out of date",
      ),
    );
  }
}
