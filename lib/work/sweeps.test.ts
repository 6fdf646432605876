import { existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { query } from "@/lib/platform/db";
import { UNBOUNDED } from "@/lib/testing/lifecycle";
import { sweepAll } from "./sweeps";
import { sweepSpooledFiles } from "./uploads/spool";

test("no step keeps the next one from its turn, and the counts say what failed", async () => {
  await sweepSpooledFiles();
  const spooled = path.join(tmpdir(), "reprieve-upload-999999999-1-x"); // of a process that never was
  writeFileSync(spooled, "");
  await query({ text: "alter table grants rename to grants_elsewhere" }, []);
  expect(await sweepAll(await systemContext("test"), UNBOUNDED)).toMatchObject({ spooled: 1, failed: 1 });
  expect(existsSync(spooled)).toBe(false);
  await query({ text: "alter table grants_elsewhere rename to grants" }, []);
  expect(await sweepAll(await systemContext("test"), UNBOUNDED)).toEqual({
    files: 0,
    bytes: 0,
    spooled: 0,
    uploads: 0,
    failed: 0,
  });
});
