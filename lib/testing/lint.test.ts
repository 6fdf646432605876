import path from "node:path";
import { ESLint } from "eslint";
import { expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000 }); // the first one loads ESLint with all its plugins

const root = path.resolve(import.meta.dirname, "../..");

const eslint = new ESLint({ cwd: root });

/** Lints a text as if it stood at `file`; answers the messages of the house rules. */
async function lint(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: path.join(root, file) });
  return result!.messages.filter((m) => m.ruleId?.startsWith("no-restricted") || m.fatal).map((m) => m.message);
}

test.each([
  ["lib/domain/x.ts", `import "@/lib/doors/route";`, "throw a DomainError"],
  ["lib/domain/x.ts", `import "../doors/route";`, "throw a DomainError"],
  ["lib/domain/x.ts", `import "@/lib/work/gate";`, "domain does no work"],
  ["lib/domain/trash/x.ts", `import "@/lib/engine/generate";`, "lib/work brings engine and domain together"],
  ["lib/domain/x.ts", `import "next/headers";`, "belongs into app"],
  ["lib/domain/x.ts", `import "@/lib/testing/builders";`, "for tests, e2e and the seed only"],
  ["lib/domain/projects/x.ts", `import "@/lib/domain/versions/generation";`, "A room is entered by its front"],
  ["lib/domain/versions/x.ts", `import "@/lib/domain/trash";`, "Rooms import downwards only"],
  ["lib/domain/x.ts", `import "@/lib/domain/images";`, "Rooms import downwards only"],
  ["lib/domain/x.ts", `export const now = new Date();`, "Time is ctx.now"],
  ["lib/domain/trash/x.ts", `export const now = Date.now();`, "Time is ctx.now"],
  ["lib/platform/x.ts", `import "@/lib/domain/trash";`, "platform knows no rule"],
  ["lib/platform/x.ts", `import "@/lib/work/gate";`, "platform knows no work"],
  ["lib/engine/x.ts", `import "@/lib/platform/db";`, "bytes in, bytes out"],
  ["lib/work/x.ts", `import "@/lib/doors/route";`, "work knows no door"],
  ["lib/work/x.ts", `import "next/headers";`, "belongs into app"],
  ["lib/work/x.ts", `import "@/lib/domain/trash/purge";`, "A room is entered by its front"],
  ["lib/doors/x.ts", `import "@/app/page";`, "Nothing imports app"],
  ["lib/doors/trash/x.ts", `import "@/lib/domain/trash/purge";`, "A room is entered by its front"],
  ["lib/doors/x.ts", `import "@/lib/engine/generate";`, "doors do no heavy work"],
  ["lib/doors/x.ts", `export const secret = process.env.CRON_SECRET;`, "checked at boot"],
  ["app/x.ts", `import "@/lib/platform/db";`, "go through lib/doors"],
  ["app/x.ts", `import "@/lib/engine/settings";`, "go through lib/work"],
  ["app/x.ts", `import "@/lib/domain/trash/purge";`, "A room is entered by its front"],
  ["pages/x.ts", `import "@/lib/domain/projects";`, "go through lib/doors"],
])("in %s, %s is refused and the message says where to go", async (file, code, message) => {
  expect((await lint(file, code)).join("\n")).toContain(message);
});

test.each([
  ["lib/domain/trash/index.ts", `import "./purge";`],
  ["lib/domain/trash/x.ts", `import "@/lib/domain/versions";`],
  ["lib/domain/people/x.ts", `import "@/lib/domain/context";`],
  ["lib/domain/x.ts", `import "@/lib/platform/db";`],
  ["lib/work/x.ts", `import "@/lib/engine/generate";`],
  ["lib/doors/x.ts", `import "@/lib/work/gate";`],
  ["app/x.ts", `import "@/lib/domain/projects";`],
])("in %s, %s is allowed", async (file, code) => {
  expect(await lint(file, code)).toEqual([]);
});
