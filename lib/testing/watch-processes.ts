import { readFileSync } from "node:fs";

const DEADLINE_MS = 20_000;

/** Asks again and again until `look` gives something; the only clock is the deadline. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<NonNullable<T>> {
  for (const deadline = Date.now() + deadlineMs; Date.now() < deadline;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not in ${deadlineMs / 1000} s: ${what}`);
}

/** A zombie that nobody reaps is dead all the same. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !"ZX".includes(stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "");
  } catch {
    return process.platform !== "linux";
  }
}
