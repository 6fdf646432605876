import { randomBytes } from "node:crypto";
import pg from "pg";

async function administer(url: string, run: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new URL(url);
  admin.pathname = "/postgres";
  const client = new pg.Client({ connectionString: admin.href });
  await client.connect();
  try {
    await run(client);
  } finally {
    await client.end();
  }
}

const nameOf = (url: string): string => new URL(url).pathname.slice(1);

/** A copy of a migrated template database; answers its url. */
export async function cloneDatabase(templateUrl: string): Promise<string> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await administer(templateUrl, (client) =>
    client.query(`create database ${name} template ${nameOf(templateUrl)} strategy file_copy`),
  );
  const clone = new URL(templateUrl);
  clone.pathname = `/${name}`;
  return clone.href;
}

export async function dropDatabase(url: string): Promise<void> {
  await administer(url, (client) => client.query(`drop database if exists ${nameOf(url)} with (force)`));
}

/** A second connection to the database under test: to hold a lock, to watch who waits for one, to age a row. */
export interface SecondConnection {
  query<Row extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Resolves once `count` other connections wait for a lock: the moment that a forced race begins. */
  untilWaiting(count: number): Promise<void>;
  end(): Promise<void>;
}

export async function connectSecond(): Promise<SecondConnection> {
  const client = new pg.Client({ connectionString: process.env["DATABASE_URL"] });
  await client.connect();
  const watcher = new pg.Client({ connectionString: process.env["DATABASE_URL"] });
  await watcher.connect();
  // ended from elsewhere, as some tests do: whoever waits for its statement hears it, and the process goes on
  for (const each of [client, watcher]) each.on("error", () => {});
  return {
    query: async <Row extends object>(text: string, values: unknown[] = []) =>
      (await client.query<Row>(text, values)).rows,
    async untilWaiting(count) {
      const deadline = Date.now() + 4_000; // below the lock timeout
      for (;;) {
        const { rows } = await watcher.query<{ waiting: number }>(
          "select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        if (rows[0]!.waiting >= count) return;
        if (Date.now() > deadline) throw new Error(`only ${rows[0]!.waiting} of ${count} connections wait for a lock`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async end() {
      await client.end();
      await watcher.end();
    },
  };
}
