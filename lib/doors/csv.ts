/** At the beginning of a file: without it Excel takes UTF-8 for the encoding of the machine, and Japanese for nothing. */
export const CSV_START = "\uFEFF";

/** A spreadsheet takes what begins so for a formula, and runs it; the last four are of a full-width keyboard. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/**
 * A row of a CSV file (RFC 4180), its line end included. A text that a spreadsheet would take for a formula gets an
 * apostrophe before it: names come from anybody. Nothing stands for null and undefined, instants are ISO 8601, objects JSON.
 */
export const csvRow = (values: readonly unknown[]): string => `${values.map(cell).join(",")}\r\n`;

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) || safe.trim() !== safe ? `"${safe.replaceAll('"', '""')}"` : safe;
}
