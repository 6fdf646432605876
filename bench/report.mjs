// Figures and how they are printed.

export const sorted = (values) => [...values].sort((a, b) => a - b);

export function percentile(values, p) {
  if (values.length === 0) return NaN;
  const inOrder = sorted(values);
  return inOrder[Math.min(inOrder.length - 1, Math.ceil((p / 100) * inOrder.length) - 1)];
}

export const median = (values) => {
  const inOrder = sorted(values);
  const middle = inOrder.length >> 1;
  return inOrder.length % 2 ? inOrder[middle] : (inOrder[middle - 1] + inOrder[middle]) / 2;
};

export const show = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits) : "?");

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** `better: "more"` wants at least, "less" at most. A figure that is not known misses. */
export function verdict(value, { must, aim, better }) {
  const reaches = (goal) => (better === "more" ? value >= goal : value <= goal);
  return reaches(aim) ? "aim" : reaches(must) ? "must" : "**missed**";
}
