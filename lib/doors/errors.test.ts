import pg from "pg";
import { describe, expect, it } from "vitest";
import { DomainError, ERROR_CODES } from "@/lib/domain/errors";
import { prisma, query } from "@/lib/platform/db";
import { connectSecond } from "@/lib/testing/database";
import { presentError, STATUS_OF, toProblem } from "./errors";

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe("toProblem", () => {
  it("keeps a domain error as it is", () => {
    const error = new DomainError("in_trash", "It is in Trash.");
    expect(toProblem(error)).toBe(error);
  });

  it.each(["55P03", "40P01", "40001", "57014", "57P01", "53300", "08006"])(
    "calls the database's %s busy",
    async (state) => {
      const error = await failureOf(
        query(
          { name: `test-${state}`, text: `do $$ begin raise exception 'x' using errcode = '${state}'; end $$` },
          [],
        ),
      );
      expect(error).toBeInstanceOf(pg.DatabaseError);
      expect(toProblem(error).code).toBe("busy");
      expect(
        toProblem(
          await failureOf(
            prisma().$executeRawUnsafe(`do $$ begin raise exception 'x' using errcode = '${state}'; end $$`),
          ),
        ).code,
      ).toBe("busy");
    },
  );

  it("calls a database that is away, or a full pool, busy", async () => {
    const away = new pg.Pool({ connectionString: "postgresql://u:p@127.0.0.1:1/x" });
    expect(toProblem(await failureOf(away.query("select 1"))).code).toBe("busy");
    const full = new pg.Pool({ connectionString: process.env["DATABASE_URL"], max: 1, connectionTimeoutMillis: 500 });
    const held = await full.connect();
    expect(toProblem(await failureOf(full.query("select 1"))).code).toBe("busy");
    held.release();
    await full.end();
  });

  it("calls a connection that is cut in the middle busy", async () => {
    const second = await connectSecond();
    const failure = failureOf(query({ name: "test-sleep", text: "select pg_sleep(20), 'cut'" }, []));
    await expect
      .poll(
        () =>
          second.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where state = 'active' and query like '%pg_sleep(20), ''cut''%' and pid <> pg_backend_pid()",
          ),
        { timeout: 10_000, interval: 20 },
      )
      .toHaveLength(1);
    await second.end();
    expect(toProblem(await failure).code).toBe("busy");
  });

  it("tells nothing of any other error, and keeps it as the cause for the log", async () => {
    const broken = await failureOf(query({ name: "test-broken", text: "select secret_column from projects" }, []));
    for (const error of [broken, new TypeError("x is not a function"), "thrown text", null]) {
      const problem = toProblem(error);
      expect(problem).toMatchObject({ code: "internal", details: {}, cause: error });
      expect(JSON.stringify(presentError(problem, "id").body)).not.toMatch(/secret_column|function|thrown/);
    }
  });
});

/** Which words the official client shows of a refused upload, read as its `upload_image` does; it breaks on a sentence in `error`. */
function readAsUploader(text: string): unknown {
  const get = (value: unknown, field: string): unknown => {
    if (typeof value !== "object" || value === null) throw new TypeError(`'str' object has no attribute 'get'`);
    return (value as Record<string, unknown>)[field];
  };
  let message: unknown = JSON.parse(text);
  if (get(message, "error")) message = get(message, "error");
  if (get(message, "message")) message = get(message, "message");
  return message;
}

describe("presentError", () => {
  it.each(ERROR_CODES)("says %s to the official client's upload in a form that it reads", (code) => {
    const problem = new DomainError(code, "What to do.", { restorableUntil: "x", message: "y", hint: "z" });
    const { status, body } = presentError(problem, "id", "object");
    expect(status).toBe(STATUS_OF[code]);
    expect(body).toEqual({
      error: { message: "What to do.", code },
      message: "What to do.",
      code,
      requestId: "id",
      restorableUntil: "x",
      hint: "z",
    });
    expect(readAsUploader(JSON.stringify(body))).toBe("What to do.");
    expect(() => readAsUploader(JSON.stringify(presentError(problem, "id").body))).toThrow("'str' object");
  });

  it("has a status for every code, and never 403 for keys or 410", () => {
    for (const code of ERROR_CODES) expect(STATUS_OF[code]).toBeGreaterThanOrEqual(400);
    expect(STATUS_OF.missing_scope).toBe(401);
    expect(Object.values(STATUS_OF)).not.toContain(410);
  });

  it("puts details beside the sentence, where they cannot cover it", () => {
    const { body } = presentError(
      new DomainError("purged", "Gone.", { receiptId: "r", error: "x", code: "y", requestId: "z" }),
      "id",
    );
    expect(body).toEqual({ receiptId: "r", error: "Gone.", code: "purged", requestId: "id" });
  });

  it("says when to try again", () => {
    expect(presentError(new DomainError("busy", "Busy."), "id").headers).toEqual({ "Retry-After": "5" });
    expect(presentError(new DomainError("not_found", "No."), "id").headers).toEqual({});
  });
});
