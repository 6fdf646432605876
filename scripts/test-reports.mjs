// What the reports of both test runners say, in one shape.
import { readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "./data-dir.mjs";

/**
 * @typedef {{ name: string, ms: number }} Timed
 * @typedef {{ passed: number, failed: number, skipped: number, notes: string[], tests: Timed[] }} Result
 */

/** @type {Result} It ended before it could report: no browser, no build, no database. */
const NOTHING_REPORTED = { passed: 0, failed: 1, skipped: 0, notes: [], tests: [] };

const read = (/** @type {string} */ file) => {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
};

/**
 * @param {string} file Vitest's JSON
 * @param {boolean} ok whether it ended with 0
 * @returns {Result}
 */
export function readVitest(file, ok) {
  const report = read(file);
  if (!report) return NOTHING_REPORTED;
  let brokenFiles = 0;
  /** @type {Timed[]} */
  const tests = [];
  for (const { name, status, assertionResults } of report.testResults) {
    for (const test of assertionResults)
      tests.push({ name: `${path.relative(projectRoot, name)} › ${test.fullName}`, ms: test.duration ?? 0 });
    // a file that does not even load has no failed test
    if (status === "failed" && !assertionResults.some((/** @type {any} */ test) => test.status === "failed"))
      brokenFiles += 1;
  }
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && !ok ? 1 : failed, // an error outside of any test has no file either
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
    notes: [],
    tests,
  };
}

/**
 * @param {string} file Playwright's JSON
 * @param {boolean} ok whether it ended with 0
 * @returns {Result}
 */
export function readPlaywright(file, ok) {
  const report = read(file);
  if (!report?.stats) return NOTHING_REPORTED;
  const { expected, unexpected, flaky, skipped } = report.stats;
  /** @type {string[]} */
  const notes = [];
  /** @type {Timed[]} */
  const tests = [];
  const walk = (/** @type {any} */ suite, /** @type {string[]} */ titles) => {
    for (const spec of suite.specs ?? []) {
      const name = [...titles, spec.title].join(" › ");
      for (const { status, results } of spec.tests) {
        for (const { duration } of results) tests.push({ name, ms: duration });
        if (status === "flaky") notes.push(`passed only when run again: ${name}`);
      }
    }
    for (const child of suite.suites ?? []) walk(child, [...titles, child.title]);
  };
  for (const suite of report.suites) walk(suite, [`e2e/${suite.title}`]);
  return {
    passed: expected + flaky,
    failed: unexpected === 0 && !ok ? 1 : unexpected,
    skipped,
    notes,
    tests,
  };
}
