import { parseArgs } from "node:util";
import { ADMIN_COMMANDS, runAdminCommand } from "@/lib/doors/admin";
import { DomainError } from "@/lib/domain/errors";
import { disconnect } from "@/lib/platform/db";
import { checkEnv } from "@/lib/platform/env";

// `npm run admin -- <command> [options] [--json]`: parses, calls, prints. The commands are in lib/doors/admin.ts.

const usage = (): string =>
  [
    "Usage: npm run admin -- <command> [--json]",
    "",
    ...Object.entries(ADMIN_COMMANDS).map(([name, { help }]) => `  ${`${name} ${help}`.trim()}`),
  ].join("\n");

/** A line from stdin, if somebody pipes one in; null on a terminal or when nothing comes. */
async function readPassword(): Promise<string | null> {
  if (process.stdin.isTTY) return null;
  const silence = setTimeout(() => process.stdin.destroy(), 1_000);
  let text = "";
  for await (const chunk of process.stdin) {
    clearTimeout(silence);
    text += String(chunk);
  }
  clearTimeout(silence);
  return text.split(/\r?\n/, 1)[0] || null;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      email: { type: "string" },
      name: { type: "string" },
      slug: { type: "string" },
      owner: { type: "string" },
      workspace: { type: "string" },
      role: { type: "string" },
      scopes: { type: "string" },
      now: { type: "string" },
      from: { type: "string" },
      number: { type: "string" },
      created: { type: "string" },
      "dry-run": { type: "boolean" },
      head: { type: "string" },
    },
  });
  const [name, ...rest] = positionals;
  const { json, help, "dry-run": dryRun, ...given } = values;
  const options = { ...given, ...(dryRun ? { "dry-run": "true" } : {}) };
  if (!name || help || name === "help") {
    console.log(usage());
    return name || help ? 0 : 2;
  }
  const result = await runAdminCommand(name, { options, positionals: rest, readPassword });
  console.log(json ? JSON.stringify(result.answer) : result.text);
  return result.ok ? 0 : 1;
}

checkEnv();
try {
  process.exitCode = await main();
} catch (error) {
  const known =
    error instanceof DomainError
      ? error.publicMessage
      : error instanceof TypeError && "code" in error
        ? error.message
        : null;
  console.error(known ?? error);
  process.exitCode = known ? 1 : 70;
} finally {
  await disconnect();
  process.stdin.destroy();
}
