import { z } from "zod";
import { addMember, createApiKey, createUser, deleteUser, getUserByEmail } from "@/lib/domain/people";
import { systemContext, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { createWorkspace, getInventory, getUsageByProject, systemMembership } from "@/lib/domain/workspaces";
import {
  dueIn,
  eraseFiles,
  foreseeRun,
  getReceiptWorkspace,
  listReceipts,
  listRuns,
  lookAgain,
  lookAgainAtReceipt,
  logMovedHeads,
  purgeExpired,
  recordRun,
  verifyReceipts,
  type ChainProblem,
} from "@/lib/domain/trash";
import { verifyVersionFiles } from "@/lib/work/versions/files";
import { env } from "@/lib/platform/env";
import { newPassword } from "@/lib/platform/secrets";
import { importVersionFrom } from "./admin-import";

/* The door for people at the server's shell: `npm run admin`. Parses, calls one domain function, presents. */

export interface AdminInput {
  options: Record<string, string | undefined>;
  positionals: string[];
  /** A password that was piped in, or null. */
  readPassword(): Promise<string | null>;
}

export interface AdminResult {
  /** false ends the process with exit code 1. */
  ok: boolean;
  /** With --json: one object. */
  answer: object;
  /** Without. */
  text: string;
}

interface AdminCommand {
  help: string;
  run(input: AdminInput): Promise<AdminResult>;
}

/** Hours of work in one call; a server with more runs it again. */
const PURGE_BUDGET_MS = 60 * 60_000;

/** About four hours of our own worker's. */
const RUNS_SHOWN = 50;

const done = (answer: object, text: string): AdminResult => ({ ok: true, answer, text });

const option = (input: AdminInput, name: string): string => {
  const value = input.options[name];
  if (!value) throw new DomainError("invalid_input", `Give --${name}.`, { field: name });
  return value;
};

async function workspaceContext(workspaceSlug: string): Promise<Context> {
  return systemContext("admin", { membership: await systemMembership(workspaceSlug) });
}

function parseVersionRef(text: string | undefined) {
  const match = /^([^/]+)\/([^/]+)\/([1-9][0-9]{0,8})$/.exec(text ?? "");
  if (!match)
    throw new DomainError("invalid_input", "Name the version as workspace/project/number, such as acme/digits/2.");
  return { workspaceSlug: match[1]!, projectSlug: match[2]!, number: Number(match[3]) };
}

async function purgeNow(input: AdminInput): Promise<AdminResult> {
  const dryRun = input.options["dry-run"] !== undefined;
  const given = input.options["now"];
  if (given !== undefined && !dryRun && !env().embeddedDatabase) {
    throw new DomainError(
      "invalid_input",
      "--now works on the embedded database only: on yours, nothing is purged before its time.",
      { field: "now" },
    );
  }
  const instant = given === undefined ? undefined : z.iso.datetime({ offset: true }).safeParse(given);
  if (instant && !instant.success)
    throw new DomainError("invalid_input", `"${given}" is not an instant. Give it as 2026-12-31T00:00:00Z.`, {
      field: "now",
    });
  const ctx = await systemContext("admin purge-expired", instant ? { now: new Date(instant.data) } : {});
  if (dryRun) return printDue(ctx);
  const signal = AbortSignal.timeout(PURGE_BUDGET_MS);
  return recordRun(ctx, { by: "ADMIN", mode: env().purge }, async (run) => {
    const counts = await purgeExpired(ctx, signal, run);
    const files = (run.files = await eraseFiles(await systemContext("admin purge-expired"), signal));
    await logMovedHeads(ctx);
    const report = run.mode === "REPORT" ? { report: { due: dueIn(run) } } : {};
    const only = run.mode === "REPORT" ? `PURGE=report: ${dueIn(run)} due, and not purged; ` : "";
    return {
      ok: counts.failed === 0,
      answer: { ...counts, files, ...report },
      text: `${only}${counts.purged} purged, ${counts.skipped} skipped, ${counts.failed} failed, ${counts.remaining} remaining; files of ${files.verified} receipts verified gone, ${files.postponed} to be tried again`,
    };
  });
}

/** The very items that a run would take, by the run's own query. */
async function printDue(ctx: Context): Promise<AdminResult> {
  const items: object[] = [];
  const lines: string[] = [];
  for await (const { type, id, begun, purgeAfter, name } of foreseeRun(ctx)) {
    const item = { type: type.toLowerCase(), id, begun, purgeAfter };
    if (!name) {
      items.push(item);
      lines.push(`${item.type} ${id}`);
      continue;
    }
    const { workspaceSlug, projectSlug, number, trainingNumber } = name;
    const path = [workspaceSlug, projectSlug, number].filter((part) => part !== null).join("/");
    items.push({ ...item, path, training: trainingNumber, name: name.name });
    const since = begun ? "its purge has begun" : `due since ${purgeAfter.toISOString()}`;
    lines.push(`${item.type}  ${path}  "${name.name}"  ${since}  ${id}`);
  }
  const only = env().purge === "REPORT" ? " With PURGE=report the scheduled run purges none of them." : "";
  return done(
    { now: ctx.now, items },
    [...lines, `${items.length} items would be purged; nothing was.${only}`].join("\n"),
  );
}

/** A receipt by its id, or all that are due. */
async function lookAgainNow(input: AdminInput): Promise<AdminResult> {
  const [receiptId] = input.positionals;
  const system = await systemContext("admin look-again");
  const workspaceSlug = receiptId === undefined ? null : await getReceiptWorkspace(system, receiptId);
  const look =
    receiptId === undefined || workspaceSlug === null
      ? await lookAgain(system, AbortSignal.timeout(PURGE_BUDGET_MS))
      : await lookAgainAtReceipt(await workspaceContext(workspaceSlug), { workspaceSlug, receiptId });
  const found =
    look.lateFiles === 0
      ? "nothing was found"
      : `${look.lateFiles} late files, ${look.lateBytes} bytes, found and removed`;
  const failed = look.failed === 0 ? "" : `; ${look.failed} could not be read back and will be tried again`;
  return { ok: look.failed === 0, answer: look, text: `${look.receipts} receipts looked at again: ${found}${failed}` };
}

/** A sentence for each thing that may be wrong. */
function describeProblem({ kind, entry, receiptId, itemName, fields }: ChainProblem): string {
  const receipt = `receipt ${receiptId} of "${itemName}"`;
  switch (kind) {
    case "entry_altered":
      return `entry ${entry} was altered`;
    case "entry_missing":
      return `entry ${entry} is missing`;
    case "entry_misplaced":
      return `entry ${entry} does not follow the one before it: one of the two was replaced`;
    case "cut_off":
      return `the chain was cut off, or made anew: it does not end with, or contain, entry ${entry ?? "that it had"} any more`;
    case "receipt_altered":
      return `${receipt} was altered: ${fields.join(", ")} (its last entry is ${entry})`;
    case "receipt_removed":
      return `${receipt} was removed (entry ${entry} tells of it)`;
    case "receipt_inserted":
      return `${receipt} was put in: no entry tells of it`;
    case "receipt_unlisted":
      return `${receipt} is not listed under entry ${entry}, which tells of it`;
  }
}

async function verifyReceiptsNow(input: AdminInput): Promise<AdminResult> {
  const workspaceSlug = option(input, "workspace");
  const head = input.options["head"];
  const ctx = await workspaceContext(workspaceSlug);
  const { ok, more, ...found } = await verifyReceipts(ctx, { workspaceSlug, head });
  const problems = found.problems.map((problem) => ({ ...problem, text: describeProblem(problem) }));
  const read = `${found.receipts} receipts and ${found.entries} entries read`;
  const contained = head === undefined ? "" : ", and the chain contains the head that was given";
  return {
    ok,
    answer: { ok, ...found, problems, more },
    text: ok
      ? `${read}: each is as it was written${contained}`
      : [`${read}: NOT as they were written`, ...problems.map(({ text }) => text), ...(more ? ["and more"] : [])].join(
          "\n  ",
        ),
  };
}

/** Every command, with what the usage text says of it. */
export const ADMIN_COMMANDS: Record<string, AdminCommand> = {
  "create-user": {
    help: "--email E --name N   (the password is read from stdin, or made and shown once)",
    async run(input) {
      const email = option(input, "email");
      const name = option(input, "name");
      const given = await input.readPassword();
      const password = given ?? newPassword();
      const user = await createUser(await systemContext("admin"), { email, name, password });
      const shown = given === null ? { password } : {};
      return done(
        { ...user, ...shown },
        given === null
          ? `Made ${user.email}. Password, shown this once: ${password}`
          : `Made ${user.email} with the password given.`,
      );
    },
  },
  "delete-user": {
    help: "--email E",
    async run(input) {
      const email = option(input, "email");
      const { userId } = await deleteUser(await systemContext("admin"), { email });
      return done({ userId, deleted: true }, `Deleted ${email}.`);
    },
  },
  "create-workspace": {
    help: "--slug S --name N --owner E",
    async run(input) {
      const made = await createWorkspace(await systemContext("admin"), {
        slug: option(input, "slug"),
        name: option(input, "name"),
        ownerEmail: option(input, "owner"),
      });
      return done(made, `Made the workspace "${made.slug}".`);
    },
  },
  "add-member": {
    help: "--workspace S --email E --role owner|editor|viewer",
    async run(input) {
      const role = z.enum(["OWNER", "EDITOR", "VIEWER"]).safeParse(option(input, "role").toUpperCase());
      if (!role.success)
        throw new DomainError("invalid_input", "A role is owner, editor or viewer.", { field: "role" });
      const workspaceSlug = option(input, "workspace");
      const ctx = await workspaceContext(workspaceSlug);
      const user = await getUserByEmail(ctx, option(input, "email"));
      await addMember(ctx, { workspaceSlug, email: option(input, "email"), role: role.data });
      return done(
        { workspace: workspaceSlug, userId: user.id, role: role.data },
        `${user.name} is now ${role.data.toLowerCase()} of "${workspaceSlug}".`,
      );
    },
  },
  "create-key": {
    help: "--workspace S --email E --name N [--scopes a,b]",
    async run(input) {
      const workspaceSlug = option(input, "workspace");
      const ctx = await workspaceContext(workspaceSlug);
      const user = await getUserByEmail(ctx, option(input, "email"));
      const scopes = input.options["scopes"]
        ?.split(",")
        .map((scope) => scope.trim())
        .filter(Boolean);
      const made = await createApiKey(ctx, { workspaceSlug, userId: user.id, name: option(input, "name"), scopes });
      return done(made, `API key, shown this once: ${made.key}`);
    },
  },
  list: {
    help: "--workspace S",
    async run(input) {
      const workspaceSlug = option(input, "workspace");
      const inventory = await getInventory(await workspaceContext(workspaceSlug), workspaceSlug);
      const mark = (item: { inTrash: boolean }) => (item.inTrash ? "  [in Trash]" : "");
      const lines = inventory.projects.flatMap((p) => [
        `${p.slug}  "${p.name}"${mark(p)}`,
        ...p.versions.flatMap((v) => [
          `  ${v.number}  "${v.name}"  ${v.status.toLowerCase()}, ${v.images} images${mark(v)}`,
          ...v.trainings.map(
            (t) =>
              `    training ${t.number}  ${t.status.toLowerCase()}${t.statusReason ? ` (${t.statusReason})` : ""}${mark(t)}  ${t.id}`,
          ),
        ]),
      ]);
      return done({ workspace: workspaceSlug, ...inventory }, lines.join("\n") || "No projects yet.");
    },
  },
  usage: {
    help: "--workspace S",
    async run(input) {
      const workspaceSlug = option(input, "workspace");
      const usage = await getUsageByProject(await workspaceContext(workspaceSlug), workspaceSlug);
      const { imageQuota, usedImages, live, trash } = usage;
      return done(
        { workspace: workspaceSlug, imageQuota, usedImages, liveImages: live.images, trashImages: trash.images },
        `${usedImages} of ${imageQuota} generated images: ${live.images} live, ${trash.images} in Trash`,
      );
    },
  },
  receipts: {
    help: "--workspace S",
    async run(input) {
      const workspaceSlug = option(input, "workspace");
      const ctx = await workspaceContext(workspaceSlug);
      const { receipts } = await listReceipts(ctx, { workspaceSlug, limit: 1000 });
      const presented = receipts.map((r) => ({ ...r, verified: r.verifiedAt !== null }));
      const lines = presented.map((r) => {
        const state = r.verified
          ? `verified ${r.verifiedAt!.toISOString()}${r.lookedAgainAt ? `, looked at again ${r.lookedAgainAt.toISOString()}` : ""}`
          : `not verified yet${r.lastError ? `: ${r.lastError}` : ""}`;
        const counts = `${r.images} images, ${r.trainings} trainings, ${r.models} models, ${r.removedFiles} of ${r.expectedFiles} files, ${r.removedBytes} bytes${r.lateFiles ? `, ${r.lateFiles} late files (${r.lateBytes} bytes) removed ${r.lateAt!.toISOString()}` : ""}`;
        return `${r.purgedAt.toISOString()}  ${r.itemType.toLowerCase()} ${r.projectSlug}${r.versionNumber ? `/${r.versionNumber}` : ""} "${r.itemName}"  ${r.reason.toLowerCase()} by ${r.actorName}  ${counts}  ${state}  ${r.id}`;
      });
      return done({ workspace: workspaceSlug, receipts: presented }, lines.join("\n") || "Nothing was purged yet.");
    },
  },
  "verify-receipts": {
    help: "--workspace S [--head H]   (H: a signed head from the log, a download or a printed receipt)",
    run: verifyReceiptsNow,
  },
  "verify-version": {
    help: "S/project/n",
    async run(input) {
      const ref = parseVersionRef(input.positionals[0]);
      const verification = await verifyVersionFiles(await workspaceContext(ref.workspaceSlug), ref);
      const verdict = verification.ok
        ? `${verification.files} files, each as it was generated`
        : ["NOT as it was generated:", ...verification.problems].join("\n  ");
      return {
        ok: verification.ok,
        answer: verification,
        text: `manifest ${verification.manifestHash ?? "missing"}\n${verdict}`,
      };
    },
  },
  "import-version": {
    help: "S/project --from FILE|FOLDER [--number N] [--name N] [--created INSTANT]   (YOLO, COCO, VOC or folders, as it is)",
    run: async (input) =>
      importVersionFrom(
        { from: option(input, "from"), project: input.positionals[0], ...input.options },
        workspaceContext,
      ),
  },
  "look-again": { help: "[RECEIPT]   (without one: all that were verified a day ago)", run: lookAgainNow },
  "purge-expired": {
    help: "[--dry-run] [--now INSTANT]   (--dry-run prints what a run would take; without it, another instant on the embedded database only)",
    run: purgeNow,
  },
  runs: {
    help: "",
    async run() {
      const runs = await listRuns(await systemContext("admin"), { limit: RUNS_SHOWN });
      const lines = runs.map((run) => {
        const end = run.reason ? `broke down: ${run.reason} (${run.detail})` : run.endedAt ? "" : "no end yet";
        const files =
          run.verified === null ? "" : `, files of ${run.verified} verified gone, ${run.postponed} postponed`;
        const only = run.mode === "REPORT" ? `, PURGE=report: ${run.due} due` : "";
        return `${run.startedAt.toISOString()}  ${run.startedBy.toLowerCase()}  ${run.purged} purged, ${run.skipped} skipped, ${run.failed} failed, ${run.remaining} remaining${files}${only}  ${end}`.trim();
      });
      return done({ runs }, lines.join("\n") || "No scheduled run in 90 days.");
    },
  },
  "db-url": {
    help: "",
    async run() {
      return done({ url: env().databaseUrl }, env().databaseUrl);
    },
  },
};

/** Runs a command by name. Throws DomainError with a sentence for anything the caller can mend. */
export async function runAdminCommand(name: string, input: AdminInput): Promise<AdminResult> {
  const command = ADMIN_COMMANDS[name];
  if (!command)
    throw new DomainError(
      "invalid_input",
      `There is no command "${name}". Commands are: ${Object.keys(ADMIN_COMMANDS).join(", ")}.`,
    );
  return command.run(input);
}
