import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isAlive, until } from "@/lib/testing/watch-processes";

// Real processes and a real server: what is promised here is what happens when processes die.

const moduleUrl = (name: string) => JSON.stringify(pathToFileURL(path.resolve(import.meta.dirname, name)).href);

let dir: string;
let spawned: ChildProcess[];

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), "reprieve-launch-"));
  spawned = [];
});

afterEach(async () => {
  for (const child of spawned) child.kill("SIGKILL");
  const pid = serverPid();
  if (pid !== null && pid !== process.pid && isAlive(pid)) {
    process.kill(pid, "SIGQUIT");
    await until("the server is gone", () => !isAlive(pid));
  }
  rmSync(dir, { recursive: true, force: true });
});

function serverPid(): number | null {
  const file = path.join(dir, "pg/postmaster.pid");
  return existsSync(file) ? Number.parseInt(readFileSync(file, "utf8"), 10) : null;
}

/** Runs `code` as a process of its own that speaks in lines of JSON and hears "go" on its stdin. */
function run(code: string) {
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["pipe", "pipe", "inherit"] });
  spawned.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  const ended = once(child, "close").then(([status]) => status as number | null);
  return {
    child,
    ended,
    answer: async <T>(n = 0) => JSON.parse(await until(`line ${n} of a process`, () => lines[n])) as T,
    go: () => child.stdin.write("go\n"),
    killHard: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

interface Database {
  url: string;
  reused: boolean;
  pid: number;
}

/** A process that uses the embedded database until it is told to go. */
const useDatabase = () =>
  run(`
    import { startEmbeddedDatabase } from ${moduleUrl("embedded-db.mjs")};
    const db = await startEmbeddedDatabase({ dir: ${JSON.stringify(dir)}, database: "launch_test", flags: ["fsync=off"] });
    console.log(JSON.stringify({ url: db.url, reused: db.reused, pid: db.pid }));
    process.stdin.once("data", async () => { await db.stop(); process.exit(0); });
  `);

async function canQuery(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query<{ one: number }>("select 1 as one")).rows[0]?.one === 1;
  } finally {
    await client.end();
  }
}

function modesUnder(folder: string): { name: string; mode: string }[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    const mode = (statSync(file).mode & 0o777).toString(8);
    return [
      { name: path.relative(dir, file), mode },
      ...(entry.isDirectory() && entry.name !== "pg" ? modesUnder(file) : []),
    ];
  });
}

describe("the embedded database", () => {
  it("two first starts at once agree on one server and one password, and the last user stops it", async () => {
    const [a, b] = [useDatabase(), useDatabase()];
    const [ofA, ofB] = await Promise.all([a.answer<Database>(), b.answer<Database>()]);
    expect(ofA.url).toBe(ofB.url);
    expect(ofA.pid).toBe(ofB.pid);
    expect([ofA.reused, ofB.reused].sort()).toEqual([false, true]);
    for (const { name, mode } of modesUnder(dir)) expect.soft(`${name} ${mode}`).toMatch(/ [67]00$/);

    // the one that started the server leaves first
    const [first, last] = ofA.reused ? [b, a] : [a, b];
    first.go();
    expect(await first.ended).toBe(0);
    expect(await canQuery(ofA.url)).toBe(true);

    last.go();
    expect(await last.ended).toBe(0);
    expect(isAlive(ofA.pid)).toBe(false);
    expect(existsSync(path.join(dir, "pg/postmaster.pid"))).toBe(false);
    expect(readdirSync(path.join(dir, "pg.users"))).toEqual([]);
    expect(readdirSync(dir).filter((name) => /lock|init|tmp/.test(name))).toEqual([]);
  });

  it("a user killed with SIGKILL stops nobody, and does not count as a user any more", async () => {
    const killed = useDatabase();
    const { url, pid } = await killed.answer<Database>();
    await killed.killHard();
    expect(await canQuery(url)).toBe(true);

    const next = useDatabase();
    expect(await next.answer<Database>()).toEqual({ url, reused: true, pid });
    const other = useDatabase();
    await other.answer();
    await other.killHard();
    expect(await canQuery(url)).toBe(true);

    next.go();
    expect(await next.ended).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });

  it("a start killed while it makes the data folder, under the lock, leaves the next start a whole one", async () => {
    const killed = useDatabase();
    await until("it makes the data folder", () =>
      readdirSync(dir).some((name) => name.startsWith("pg.init-") && existsSync(path.join(dir, name, "base"))),
    );
    await killed.killHard();
    expect(existsSync(path.join(dir, "pg.lock"))).toBe(true);

    const [a, b] = [useDatabase(), useDatabase()];
    const [ofA, ofB] = await Promise.all([a.answer<Database>(), b.answer<Database>()]);
    expect(ofA.url).toBe(ofB.url);
    expect(await canQuery(ofA.url)).toBe(true);
    a.go();
    b.go();
    expect(await Promise.all([a.ended, b.ended])).toEqual([0, 0]);
    expect(isAlive(ofA.pid)).toBe(false);
  });

  it("a server killed with SIGKILL is started anew, with the data that was there", async () => {
    const a = useDatabase();
    const before = await a.answer<Database>();
    process.kill(before.pid, "SIGKILL");
    await until("the server is gone", () => !isAlive(before.pid));
    const b = useDatabase();
    const after = await b.answer<Database>();
    expect(after.pid).not.toBe(before.pid);
    expect(new URL(after.url).password).toBe(new URL(before.url).password);
    expect(await canQuery(after.url)).toBe(true);
  });

  it("a note of a server whose pid is somebody else's by now does not stop a start", async () => {
    const a = useDatabase();
    await a.answer();
    const note = readFileSync(path.join(dir, "pg/postmaster.pid"), "utf8");
    a.go();
    await a.ended;
    writeFileSync(path.join(dir, "pg/postmaster.pid"), note.replace(/^\d+/, String(process.pid)));
    const b = useDatabase();
    expect(await canQuery((await b.answer<Database>()).url)).toBe(true);
  });
});

describe("the lock", () => {
  /** Adds 1 to a number in a file, again and again: without exclusion, additions get lost. */
  const count = (times: number) =>
    run(`
      import { readFileSync, writeFileSync } from "node:fs";
      import { withLock } from ${moduleUrl("data-dir.mjs")};
      const [file, lock] = ${JSON.stringify([path.join(dir, "count"), path.join(dir, "lock")])};
      for (let i = 0; i < ${times}; i++)
        await withLock(lock, async () => {
          const n = Number(readFileSync(file, "utf8"));
          await new Promise((resolve) => setImmediate(resolve));
          writeFileSync(file, String(n + 1));
        });
    `);
  const hold = () =>
    run(`
      import { withLock } from ${moduleUrl("data-dir.mjs")};
      await withLock(${JSON.stringify(path.join(dir, "lock"))}, () => new Promise((resolve) => {
        console.log("true");
        process.stdin.once("data", resolve);
      }));
      process.exit(0);
    `);

  it("of a holder killed with SIGKILL is taken over by exactly one of many", async () => {
    writeFileSync(path.join(dir, "count"), "0");
    const holder = hold();
    await holder.answer();
    const counters = [count(10), count(10), count(10), count(10)];
    await holder.killHard();
    expect(await Promise.all(counters.map((counter) => counter.ended))).toEqual([0, 0, 0, 0]);
    expect(readFileSync(path.join(dir, "count"), "utf8")).toBe("40");
    expect(readdirSync(dir)).toEqual(["count"]);
  });

  it("of a process whose pid has been given to another one is stale", async () => {
    writeFileSync(path.join(dir, "count"), "0");
    writeFileSync(path.join(dir, "lock"), `${process.pid} another-start 0123456789abcdef`);
    expect(await count(1).ended).toBe(0);
    expect(readFileSync(path.join(dir, "count"), "utf8")).toBe("1");
  });

  it("that a dead process was about to take over is taken over all the same", async () => {
    writeFileSync(path.join(dir, "count"), "0");
    const holder = hold();
    await holder.answer();
    await holder.killHard();
    const lock = readFileSync(path.join(dir, "lock"), "utf8");
    writeFileSync(path.join(dir, `lock.${lock.split(" ")[2]}`), lock.replace(/\w+$/, "fedcba9876543210"));
    expect(await count(1).ended).toBe(0);
    expect(readdirSync(dir)).toEqual(["count"]);
  });

  it("is waited for while its holder lives", async () => {
    writeFileSync(path.join(dir, "count"), "0");
    const holder = hold();
    await holder.answer();
    const waiting = run(`
      import { withLock } from ${moduleUrl("data-dir.mjs")};
      await withLock(${JSON.stringify(path.join(dir, "lock"))}, () => console.log('"mine"'), { onWait: () => console.log('"waiting"') });
    `);
    expect(await waiting.answer<string>(0)).toBe("waiting");
    holder.go();
    expect(await waiting.answer<string>(1)).toBe("mine");
  });
});

describe("the secrets", () => {
  const provide = (env = "{}") =>
    run(`
      import { provideSecrets } from ${moduleUrl("data-dir.mjs")};
      const env = ${env};
      provideSecrets(${JSON.stringify(dir)}, env);
      console.log(JSON.stringify(env));
    `).answer<Record<string, string>>();

  it("are made once, also by many at once, and only their owner may read them", async () => {
    const answers = await Promise.all([provide(), provide(), provide(), provide()]);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(Object.keys(answers[0] ?? {}).sort()).toEqual(["CRON_SECRET", "NEXTAUTH_SECRET"]);
    expect(new Set(Object.values(answers[0] ?? {})).size).toBe(2);
    for (const value of Object.values(answers[0] ?? {})) expect(value).toMatch(/^[\w-]{43}$/);
    expect(modesUnder(dir)).toEqual([
      { name: "secrets", mode: "700" },
      { name: "secrets/CRON_SECRET", mode: "600" },
      { name: "secrets/NEXTAUTH_SECRET", mode: "600" },
    ]);
  });

  it("in the environment win, and are not written down", async () => {
    const answer = await provide(`{ CRON_SECRET: "mine-and-long-enough" }`);
    expect(answer.CRON_SECRET).toBe("mine-and-long-enough");
    expect(readdirSync(path.join(dir, "secrets"))).toEqual(["NEXTAUTH_SECRET"]);
  });
});
