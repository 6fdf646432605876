import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { query } from "./db";
import { env } from "./env";
import { log } from "./log";

/*
 * A word between processes by PostgreSQL's NOTIFY, so that a trainer hears at once that its run may be over, or that one
 * waits. It is never the truth and may be lost: whoever listens looks into the rows, and looks every now and then without
 * having heard.
 */

const CHANNEL = "reprieve_trainings";
const RECONNECT_MS = 1_000;
const CONNECTION_TIMEOUT_MS = 10_000;

/** Tells every trainer to look whether its run is still its own, and whether there is another. Never throws: what it tells of is done already. */
export async function notifyTrainers(): Promise<void> {
  await query({ name: "notify-trainers", text: `select pg_notify('${CHANNEL}', '')` }, []).catch((error: unknown) =>
    log().warn({ err: error }, "trainers not told"),
  );
}

/** Calls `heard` at each word, and after each reconnection, until the signal aborts. Has a connection of its own. */
export async function listenForTrainers(heard: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await listenOnce(heard, signal).catch(() => {}); // the database is away: try again
    await setTimeout(RECONNECT_MS, undefined, { signal }).catch(() => {});
  }
}

/** Until the connection is lost or the signal aborts. */
async function listenOnce(heard: () => void, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({
    connectionString: env().databaseUrl,
    application_name: "reprieve-listener",
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    keepAlive: true,
  });
  const over = new AbortController();
  client.on("error", () => over.abort()); // for good: unheard, a second one would end the process
  client.on("end", () => over.abort());
  client.on("notification", heard);
  try {
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    heard();
    const ended = AbortSignal.any([signal, over.signal]);
    if (!ended.aborted) await once(ended, "abort");
  } finally {
    await client.end().catch(() => {});
  }
}
