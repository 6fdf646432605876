// Figures and how they are printed.

/** @typedef {{ must: number, aim: number, better: "more" | "less" }} Goal */

export const sorted = (/** @type {number[]} */ values) => [...values].sort((a, b) => a - b);

/**
 * @param {number[]} values
 * @param {number} p from 0 to 100
 */
export function percentile(values, p) {
  if (values.length === 0) return NaN;
  const inOrder = sorted(values);
  return inOrder[Math.min(inOrder.length - 1, Math.ceil((p / 100) * inOrder.length) - 1)] ?? NaN;
}

export const median = (/** @type {number[]} */ values) => {
  const inOrder = sorted(values);
  const middle = inOrder.length >> 1;
  const at = (/** @type {number} */ index) => inOrder[index] ?? NaN;
  return inOrder.length % 2 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
};

export const show = (/** @type {number} */ value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits) : "?");

/**
 * @param {string[]} head
 * @param {(string | number)[][]} rows
 */
export function table(head, rows) {
  const line = (/** @type {(string | number)[]} */ cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/**
 * `better: "more"` wants at least, "less" at most. A figure that is not known misses.
 * @param {number} value
 * @param {Goal} goal
 */
export function verdict(value, { must, aim, better }) {
  const reaches = (/** @type {number} */ goal) => (better === "more" ? value >= goal : value <= goal);
  return reaches(aim) ? "aim" : reaches(must) ? "must" : "**missed**";
}
