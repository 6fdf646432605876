import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { systemContext, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getImport, type ImportInput } from "@/lib/domain/versions";
import { zipFiles } from "@/lib/work/uploads/folder-zip";
import { importVersionNow, sendImport } from "@/lib/work/versions/importer";
import { log } from "@/lib/platform/log";
import { presentImport } from "./versions/presenters";
import { importWishes } from "./versions/schemas";

/* `npm run admin -- import-version`: a version that exists already, from a zip or a folder of this machine. */

interface Given {
  project: string | undefined;
  from: string;
  number?: string | undefined;
  name?: string | undefined;
  created?: string | undefined;
}

const POLL_MS = 500;

/** Sends the zip, or the folder as one, and works the import off here, unless a worker was faster; waits for its end. */
export async function importVersionFrom(
  given: Given,
  contextOf: (workspaceSlug: string) => Promise<Context>,
): Promise<{ ok: boolean; answer: object; text: string }> {
  const [, workspaceSlug, projectSlug] = /^([^/]+)\/([^/]+)$/.exec(given.project ?? "") ?? [];
  if (workspaceSlug === undefined || projectSlug === undefined)
    throw new DomainError("invalid_input", "Name the project as workspace/project, such as acme/digits.");
  const ref = { workspaceSlug, projectSlug };
  const source = await openSource(given.from);
  const { taskId } = await sendImport(await contextOf(workspaceSlug), ref, wishesOf(given), source);
  await importVersionNow(await systemContext("admin"), taskId);
  for (;;) {
    const state = await getImport(await contextOf(workspaceSlug), { ...ref, taskId });
    const answer = presentImport(state);
    if (state.status === "FAILED") return { ok: false, answer, text: state.problem?.message ?? "It failed." };
    if (state.status === "COMPLETED") {
      const left = answer.leftOut ?? { count: 0, files: [] };
      const told = left.files.map(({ file, error }) => `  ${file}: ${error}`);
      const name = `${workspaceSlug}/${projectSlug}/${answer.version}`;
      return {
        ok: true,
        answer,
        text: [`${name}: ${state.done} images looked at, ${left.count} left out`, ...told].join("\n"),
      };
    }
    log().info({ taskId, done: state.done, total: state.total }, "a worker imports it");
    await setTimeout(POLL_MS);
  }
}

function wishesOf({ from, number, name, created }: Given): ImportInput {
  const wishes = importWishes.safeParse({ number, name, created });
  if (!wishes.success) {
    const [field] = wishes.error.issues[0]!.path;
    throw new DomainError("invalid_input", `--${String(field)} is not acceptable.`, { field: String(field) });
  }
  const { created: createdAt, ...rest } = wishes.data;
  return { ...rest, createdAt, fileName: path.basename(path.resolve(from)) };
}

/** A file as it is, a folder as a zip of what is in it. */
async function openSource(from: string): Promise<{ body: Readable; announcedBytes: number }> {
  const found = await stat(from).catch(() => null);
  if (!found) throw new DomainError("invalid_input", `There is nothing at ${from}.`, { field: "from" });
  if (found.isFile()) return { body: createReadStream(from), announcedBytes: found.size };
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(from, path.join(entry.parentPath, entry.name)));
  return { body: zipFiles(from, files.sort()), announcedBytes: 0 };
}
