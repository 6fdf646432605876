import { connectSecond } from "./database";

/** A row that somebody else may hold: its table and id, and how, unless as who removes it does. */
export type Row = readonly [
  table: "workspaces" | "users" | "projects" | "versions" | "trainings" | "models" | "image_removals" | "images",
  row: { id: string },
  mode?: "for no key update",
];

/**
 * Forces an order on operations that meet at one row: somebody else holds the row, each operation is started once the
 * one before waits for a lock, `meanwhile` is done while all of them wait, then the row is let go and they follow in the
 * order in which they came. Answers how each of them ended.
 */
export async function raceAt<const T extends readonly (() => Promise<unknown>)[]>(
  [table, { id }, mode]: Row,
  operations: T,
  meanwhile: () => Promise<unknown> = async () => {},
): Promise<{ -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> }> {
  const holder = await connectSecond();
  const started: Promise<unknown>[] = [];
  try {
    await holder.query("begin");
    await holder.query(`select id from ${table} where id = $1 ${mode ?? "for update"}`, [id]);
    for (const [i, operation] of operations.entries()) {
      started.push(operation());
      started[i]!.catch(() => {}); // reported below
      await holder.untilWaiting(i + 1);
    }
    await meanwhile();
    await holder.query("commit");
    return (await Promise.all(started)) as { -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> };
  } finally {
    await holder.end();
    await Promise.allSettled(started);
  }
}

/** Runs `operation` while somebody else holds the row, to show that it does not wait for it. */
export async function whileHeld<T>(row: Row, operation: () => Promise<T>): Promise<T> {
  let result: T;
  await raceAt(row, [], async () => {
    result = await operation();
  });
  return result!;
}

/** Resolves once `count` connections wait for a lock, or once the operation is over because it waits for none. */
export async function waitingOrSettled(count: number, operation: Promise<unknown>): Promise<void> {
  const watcher = await connectSecond();
  const waiting = watcher.untilWaiting(count).catch(() => {});
  await Promise.race([waiting, operation.catch(() => {})]);
  await watcher.end();
}
