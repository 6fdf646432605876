import PgBoss from "pg-boss";
import { env } from "./env";
import type { Queries } from "./db";

/** How often the scheduled purge comes: our worker's by its queue, a scheduler's call by vercel.json, on the hour of UTC. */
export const PURGE_EVERY_MINUTES = { WORKER: 5, CRON: 60 } as const;

/**
 * Every queue there is. A job is a wake-up, never the truth: the rows say what is to be done, and the schedule
 * wakes the same work when a job was lost. Instants are cron expressions in UTC.
 */
const QUEUES = {
  "purge-expired": { schedule: `*/${PURGE_EVERY_MINUTES.WORKER} * * * *` },
  "run-trash-jobs": { schedule: "* * * * *" },
  "erase-files": { schedule: "* * * * *" },
  "sweep-files": { schedule: "17 * * * *" },
  "generate-versions": { schedule: "* * * * *" },
  "build-exports": { schedule: "* * * * *" },
  "unpack-zips": { schedule: "* * * * *" },
  "import-versions": { schedule: "* * * * *" },
  "run-trainings": { schedule: "* * * * *" },
} as const satisfies Record<string, { schedule: string }>;

export type QueueName = keyof typeof QUEUES;

const SCHEMA = "pgboss";

/** Creates pg-boss's tables and our queues. Called at every migration; repeating changes nothing. */
export async function migrateJobQueue(): Promise<void> {
  const boss = new PgBoss({
    connectionString: env().databaseUrl,
    schema: SCHEMA,
    max: 1,
    supervise: false,
    schedule: false,
  });
  boss.on("error", () => {}); // start() throws what matters
  await boss.start();
  try {
    for (const name of Object.keys(QUEUES) as QueueName[]) {
      if (!(await boss.getQueue(name)))
        await boss.createQueue(name, { name, retryLimit: 3, retryBackoff: true, expireInMinutes: 60 });
    }
  } finally {
    await boss.stop({ graceful: false });
  }
}

let sender: PgBoss | undefined;

/**
 * Puts a wake-up into the transaction: the job exists if and only if it commits.
 * Throws when nothing was inserted, because pg-boss 10 ignores a queue it does not know without a word.
 */
export async function enqueue(
  tx: Queries,
  name: QueueName,
  options: { startAfterSeconds?: number } = {},
): Promise<void> {
  // Never started: it only writes the insert, on our connection.
  sender ??= new PgBoss({
    schema: SCHEMA,
    db: { executeSql: () => Promise.reject(new Error("the sender has no connection of its own")) },
  });
  const db = {
    executeSql: async (text: string, values: unknown[]) => {
      const rows = await tx.query({ name: "enqueue-job", text }, values);
      return { rows, rowCount: rows.length };
    },
  };
  const id = await sender.send(
    name,
    {},
    { db, ...(options.startAfterSeconds === undefined ? {} : { startAfter: options.startAfterSeconds }) },
  );
  if (!id) throw new Error(`the queue "${name}" does not exist: run the migrations`);
}

/**
 * Works every queue until `stop()`, which lets running jobs end. One job of a queue at a time in this process;
 * wake-ups that piled up are answered together.
 */
export async function startWorkers(
  handlers: Record<QueueName, () => Promise<void>>,
  onError: (error: Error) => void,
): Promise<{ stop(): Promise<void> }> {
  const boss = new PgBoss({
    connectionString: env().databaseUrl,
    schema: SCHEMA,
    max: 3,
    application_name: "reprieve-worker",
  });
  boss.on("error", onError);
  await boss.start();
  for (const name of Object.keys(QUEUES) as QueueName[]) {
    await boss.schedule(name, QUEUES[name].schedule);
    await boss.work(name, { batchSize: 100, pollingIntervalSeconds: 1 }, () => handlers[name]());
  }
  return { stop: () => boss.stop({ graceful: true, wait: true, timeout: 8_000 }) };
}
