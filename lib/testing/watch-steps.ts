import { writeSync } from "node:fs";
import fs from "node:fs/promises";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import pg from "pg";

/*
 * Loaded before a process that writes: stops it at one of its steps. A step is whatever touches the store or the database,
 * counted once `globalThis.countSteps` is set; the process says its number and name, and PAUSE_AT stops it by SIGSTOP just
 * before that one. Woken up, it goes on to its end, or, with THEN=die, is killed just before the step after the next.
 * The list of steps is complete, since nothing else reaches either.
 */

const { PAUSE_AT, THEN } = process.env;
const say = (line: string) => writeSync(1, `${line}\n`);

let step = 0;
function takeStep(name: string): void {
  if (!(globalThis as { countSteps?: boolean }).countSteps) return;
  step += 1;
  say(`step ${step} ${name}`);
  if (String(step) === PAUSE_AT) {
    say("paused");
    process.kill(process.pid, "SIGSTOP");
  } else if (THEN === "die" && step === Number(PAUSE_AT) + 2) process.kill(process.pid, "SIGKILL");
}

/** A path without the ids and hashes that differ from run to run. */
const nameOf = (place: string): string => place.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}/g, "*");

const WATCHED = ["mkdir", "open", "rename", "rm", "rmdir", "unlink", "readFile", "opendir"] as const;
for (const name of WATCHED) {
  const original = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      takeStep(`${name} ${nameOf(String(args[0]))}`);
      return original(...args);
    },
  });
}

const request = http.request as (...args: unknown[]) => http.ClientRequest;
http.request = ((...args: unknown[]) => {
  const [options] = args as [http.RequestOptions];
  takeStep(`http ${options.method} ${nameOf(String(options.path).split("?")[0]!)}`);
  return request(...args);
}) as typeof http.request;
syncBuiltinESMExports();

// so that a test can tell its connections
const connect = pg.Client.prototype.connect as (...args: unknown[]) => unknown;
pg.Client.prototype.connect = function named(this: pg.Client, ...args: unknown[]) {
  (this as unknown as { connectionParameters: { application_name: string } }).connectionParameters.application_name =
    `paused-${process.pid}`;
  return connect.apply(this, args);
} as typeof pg.Client.prototype.connect;

const query = pg.Client.prototype.query as (...args: unknown[]) => unknown;
pg.Client.prototype.query = function watched(this: pg.Client, ...args: unknown[]) {
  const [one] = args as [string | { name?: string; text?: string }];
  const text = typeof one === "string" ? one : (one.name ?? one.text ?? "");
  takeStep(`query ${text.trim().replace(/\s+/g, " ").slice(0, 60)}`);
  return query.apply(this, args);
} as typeof pg.Client.prototype.query;
