// Every commit since the rule came: a Conventional Commit whose subject fits a line, and a body where it reaches far.
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { projectRoot } from "./data-dir.mjs";

/** The last commit before the rule. */
const BASE = "236a028d403b2c2915f53397ebc6b860a34b8180";
const SUBJECT_MAX = 72;
const FILES_WITHOUT_BODY = 5;
const CONVENTIONAL = /^(feat|fix|docs|test|refactor|perf|style|build|ci|chore|revert)(\([\w./-]+\))?!?: \S/;

/** @typedef {{ hash: string, subject: string, body: string, files: number }} Commit */

/**
 * What is wrong with a commit, a sentence each.
 * @param {Commit} commit
 * @returns {string[]}
 */
export function faultsOf({ subject, body, files }) {
  const faults = [];
  if (!CONVENTIONAL.test(subject))
    faults.push("The subject is no Conventional Commit, such as “fix: keep the last owner”.");
  const { length } = [...subject];
  if (length > SUBJECT_MAX) faults.push(`The subject has ${length} characters; ${SUBJECT_MAX} are the most.`);
  if (files > FILES_WITHOUT_BODY && body.trim() === "")
    faults.push(`It changes ${files} files, and has no body that says why.`);
  return faults;
}

/**
 * The commits after the base, merges left out. A string instead says why they cannot be told.
 * @returns {Commit[] | string}
 */
function listCommits() {
  const git = (/** @type {string[]} */ ...args) =>
    spawnSync("git", args, { cwd: projectRoot, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const base = git("rev-parse", "--verify", "--quiet", `${BASE}^{commit}`);
  if (base.error || base.status === null) return "There is no git here.";
  if (base.status !== 0) return `The history does not reach back to ${BASE.slice(0, 7)}.`;
  const log = git("log", "--no-merges", "--name-only", "--format=%x01%H%x00%s%x00%b%x00", `${BASE}..HEAD`);
  if (log.status !== 0) return `git log failed: ${log.stderr.trim()}`;
  return log.stdout
    .split("\x01")
    .slice(1)
    .map((entry) => {
      const [hash = "", subject = "", body = "", names = ""] = entry.split("\0");
      return { hash, subject, body, files: names.split("\n").filter(Boolean).length };
    });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const commits = listCommits();
  if (typeof commits === "string") console.log(`${commits} The commits are not checked.`);
  else {
    const faulty = commits.filter((commit) => faultsOf(commit).length > 0);
    for (const commit of faulty)
      console.error(
        `${commit.hash.slice(0, 7)} ${commit.subject}\n${faultsOf(commit)
          .map((fault) => `  ${fault}\n`)
          .join("")}`,
      );
    console.log(
      `${commits.length} commits since ${BASE.slice(0, 7)}, ${faulty.length} of them against CONTRIBUTING.md.`,
    );
    process.exitCode = faulty.length > 0 ? 1 : 0;
  }
}
