import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { env } from "./env";
import { PrismaClient } from "./generated/client";

/**
 * One pool per process, shared by Prisma and the raw statements. Two ways to the database, each with its place:
 * - `prisma()` for single reads and writes off the hot paths;
 * - `query`, `atomic` and `transaction` for everything that takes locks or is hot: named, prepared statements.
 */
interface Connections {
  url: string;
  pool: pg.Pool;
  prisma: PrismaClient;
}

/** A row lock is waited for this long; then PostgreSQL gives up with 55P03, which the domain calls "busy". */
const LOCK_TIMEOUT_MS = 5_000;
const CONNECTION_TIMEOUT_MS = 10_000;

// On globalThis: the bundler may load this module more than once in a process, the pool must still be one.
const holder = globalThis as typeof globalThis & { reprieveConnections?: Connections };

function connections(): Connections {
  const url = env().databaseUrl;
  if (holder.reprieveConnections?.url === url) return holder.reprieveConnections;
  const pool = new pg.Pool({
    connectionString: url,
    max: env().databasePoolSize,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    idleTimeoutMillis: 60_000,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: 60_000,
    application_name: "reprieve",
    pipeline: true,
  } as pg.PoolConfig);
  pool.on("error", () => {}); // an idle connection broke: the pool drops it, the next query opens another
  pool.on("connect", (client) => client.on("error", () => {})); // one in use broke: its statement says so; unheard, it would end the process
  return (holder.reprieveConnections = { url, pool, prisma: new PrismaClient({ adapter: new PrismaPg(pool) }) });
}

/** Prisma on the shared pool. Never inside `transaction`: that would take a second connection and can hang the pool. */
export const prisma = (): PrismaClient => connections().prisma;

/**
 * A statement. With a name, unique in the code base, it is prepared once a connection and its plan may be kept; without
 * one it is planned at each call, which suits what reads tables that grow from nothing to millions within a run.
 */
export interface Statement {
  name?: string;
  text: string;
}

const declared = new Map<string, Statement>();

/** Declares a statement: a test prepares all that were, so that a column which was renamed is found there. */
export function statement<Declared extends Statement>(one: Declared): Declared {
  declared.set(`${one.name ?? ""} ${one.text}`, one);
  return one;
}

/** The statements of the modules that were loaded. */
export const declaredStatements = (): readonly Statement[] => [...declared.values()];

/** A statement with its values. */
export interface Step {
  statement: Statement;
  values: readonly unknown[];
}

/** Runs one statement, outside any transaction. Instants arrive as Date (milliseconds), bigint as string. */
export async function query<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
  const result = await connections().pool.query<Row>({ ...statement, values: [...values] });
  return result.rows;
}

/**
 * What runs inside `transaction`: Prisma's own calls on its one connection, and `query` for what Prisma cannot say (a
 * lock, a set written with its audit rows).
 */
export type Transaction = Pick<PrismaClient, Models> & Queries;

/** A transaction's statements written by hand. */
export interface Queries {
  query<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
}

/** The models of the client: all of it but what begins with $, connections and nested transactions among them. */
type Models = Exclude<keyof PrismaClient, symbol | `$${string}`>;

/**
 * Runs the statements, in order, as one READ COMMITTED transaction sent in a single flight, and answers the rows of the
 * last one. The shape of every hot operation: statements that lock, then one that looks (its snapshot is taken after
 * the locks are held) and writes. All or nothing: when one fails, PostgreSQL turns the COMMIT into a rollback.
 */
export async function atomic<Row extends object>(statements: readonly Step[]): Promise<Row[]> {
  const client = await connections().pool.connect();
  const flight = [
    client.query("BEGIN"),
    ...statements.map(({ statement, values }) => client.query<Row>({ ...statement, values: [...values] })),
    client.query("COMMIT"),
  ];
  const settled = await Promise.allSettled(flight);
  const failure = settled.find((s) => s.status === "rejected");
  // A failed COMMIT or BEGIN means that the connection itself is in doubt: it is closed, not reused.
  const doubt = [settled[0], settled.at(-1)].find((s) => s?.status === "rejected");
  client.release(doubt ? new Error("connection in doubt", { cause: doubt.reason }) : undefined);
  if (failure) throw failure.reason;
  const last = settled.at(-2) as PromiseFulfilledResult<pg.QueryResult<Row>>;
  return last.value.rows;
}

/** How a transaction is run, where it is not as every other. */
export interface TransactionOptions {
  /** How long it waits for a lock before it fails with 55P03; shorter than others for what has better to do than wait. */
  lockTimeoutMs?: number | undefined;
}

const setLockTimeout = (ms: number): string => `set local lock_timeout = ${Math.ceil(ms)}`;

/** A version of 100,000 images takes seconds to plan and write down; nothing takes this long. */
const TRANSACTION_TIMEOUT_MS = 5 * 60_000;

/**
 * Runs `run` in one READ COMMITTED transaction on one connection, for work whose statements depend on each other's
 * answers: commits when it returns, rolls back when it throws. Inside: no file, no network, no second connection.
 * Of `tx.query` instants arrive as Date (milliseconds), bigint as BigInt.
 */
export async function transaction<T>(
  run: (tx: Transaction) => Promise<T>,
  { lockTimeoutMs }: TransactionOptions = {},
): Promise<T> {
  return prisma().$transaction(
    async (client) => {
      if (lockTimeoutMs !== undefined) await client.$executeRawUnsafe(setLockTimeout(lockTimeoutMs));
      return run(
        Object.create(client, {
          query: {
            value: <Row extends object>({ text }: Statement, values: readonly unknown[]) =>
              client.$queryRawUnsafe<Row[]>(text, ...values),
          },
        }) as Transaction,
      );
    },
    { isolationLevel: "ReadCommitted", maxWait: CONNECTION_TIMEOUT_MS, timeout: TRANSACTION_TIMEOUT_MS },
  );
}

/**
 * The same for what runs thousands of times in a row, such as a purge: every statement is written by hand and prepared,
 * which takes half of the time that Prisma takes for it. Of `tx.query` bigint arrives as string.
 */
export async function preparedTransaction<T>(
  run: (tx: Queries) => Promise<T>,
  { lockTimeoutMs }: TransactionOptions = {},
): Promise<T> {
  const client = await connections().pool.connect();
  let doubt: Error | undefined;
  try {
    await client.query(lockTimeoutMs === undefined ? "BEGIN" : `BEGIN; ${setLockTimeout(lockTimeoutMs)}`);
    const result = await run({
      async query<Row extends object>(one: Statement, values: readonly unknown[]) {
        return (await client.query<Row>({ ...one, values: [...values] })).rows;
      },
    });
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch((e: Error) => (doubt = e));
    throw error;
  } finally {
    client.release(doubt);
  }
}

/** The database's clock, which is everybody's. Milliseconds, as every stored instant. */
export async function databaseNow(): Promise<Date> {
  const [row] = await query<{ now: Date }>(
    { name: "database-now", text: "select date_trunc('milliseconds', now()) as now" },
    [],
  );
  return row!.now;
}

/** The SQLSTATE of a database error, from pg or through Prisma's adapter; null for any other error. */
export function sqlState(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error instanceof pg.DatabaseError) return error.code ?? null;
  const cause = (error as { meta?: { driverAdapterError?: { cause?: { originalCode?: string } } } }).meta
    ?.driverAdapterError?.cause;
  return cause?.originalCode ?? null;
}

/** Ends every connection of this process. */
export async function disconnect(): Promise<void> {
  const open = holder.reprieveConnections;
  delete holder.reprieveConnections;
  if (!open) return;
  await open.prisma.$disconnect();
  await open.pool.end();
}
