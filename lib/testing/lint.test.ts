import path from "node:path";
import { ESLint } from "eslint";
import { expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000 }); // the first one loads ESLint with all its plugins

const root = path.resolve(import.meta.dirname, "../..");

/** Lints a text as if it stood at `file`; answers the messages of the house rules. */
async function lint(file: string, code: string): Promise<string[]> {
  const eslint = new ESLint({
    cwd: root,
    overrideConfig: { files: ["**/*.ts"], languageOptions: { parserOptions: { projectService: false, project: false } }, rules: TYPE_AWARE_OFF },
  });
  const [result] = await eslint.lintText(code, { filePath: path.join(root, file) });
  return result!.messages.filter((m) => m.ruleId?.startsWith("no-restricted") || m.fatal).map((m) => m.message);
}

// The file does not exist, so rules that need its types cannot run.
const TYPE_AWARE_OFF = {
  "@typescript-eslint/no-floating-promises": "off",
  "@typescript-eslint/no-misused-promises": "off",
  "@typescript-eslint/switch-exhaustiveness-check": "off",
} as const;

test.each([
  ["lib/domain/x.ts", `import "@/lib/edge/route";`, "throw a DomainError"],
  ["lib/domain/x.ts", `import "../edge/route";`, "throw a DomainError"],
  ["lib/domain/x.ts", `import "@/lib/engine/generate";`, "lib/edge brings engine and domain together"],
  ["lib/domain/x.ts", `import "next/headers";`, "belongs into app"],
  ["lib/domain/x.ts", `import "@/lib/testing/builders";`, "for tests, e2e and the seed only"],
  ["lib/domain/projects.ts", `import "@/lib/domain/trash/purge";`, "import it from lib/domain/trash"],
  ["lib/domain/x.ts", `export const now = new Date();`, "Time is ctx.now"],
  ["lib/domain/x.ts", `export const now = Date.now();`, "Time is ctx.now"],
  ["lib/platform/x.ts", `import "@/lib/domain/trash";`, "platform knows no rule"],
  ["lib/engine/x.ts", `import "@/lib/platform/db";`, "bytes in, bytes out"],
  ["lib/edge/x.ts", `import "@/app/page";`, "Nothing imports app"],
  ["lib/edge/x.ts", `import "@/lib/domain/trash/purge";`, "import it from lib/domain/trash"],
  ["lib/edge/x.ts", `export const secret = process.env.CRON_SECRET;`, "checked at boot"],
  ["app/x.ts", `import "@/lib/platform/db";`, "go through lib/edge"],
  ["pages/x.ts", `import "@/lib/domain/projects/projects";`, "go through lib/edge"],
])("in %s, %s is refused and the message says where to go", async (file, code, message) => {
  expect((await lint(file, code)).join("\n")).toContain(message);
});

test.each([
  ["lib/domain/trash/index.ts", `import "./purge";`],
  ["lib/domain/x.ts", `import "@/lib/platform/db";`],
  ["lib/edge/x.ts", `import "@/lib/engine/generate";`],
  ["app/x.ts", `import "@/lib/domain/projects/projects";`],
])("in %s, %s is allowed", async (file, code) => {
  expect(await lint(file, code)).toEqual([]);
});
