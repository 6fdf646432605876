// What a process and its descendants have used, from Linux's /proc. Elsewhere every figure is NaN, and a run not valid.
import { existsSync, readdirSync, readFileSync } from "node:fs";

const MS_PER_TICK = 10; // USER_HZ is 100 on every Linux
const known = existsSync("/proc/self/stat");

function readStat(/** @type {number} */ pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" "); // from the 3rd field on: the name may hold anything
    // utime and stime, and those of children that have ended
    return { ppid: Number(fields[1]), ticks: fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) };
  } catch {
    return null;
  }
}

function family(/** @type {number} */ pid) {
  /** @type {Map<number, ReturnType<typeof readStat>>} */
  const stats = new Map();
  for (const name of readdirSync("/proc")) if (/^\d+$/.test(name)) stats.set(Number(name), readStat(Number(name)));
  const members = [pid];
  for (const parent of members) for (const [child, stat] of stats) if (stat?.ppid === parent) members.push(child);
  return members.map((member) => ({ pid: member, ...stats.get(member) }));
}

/**
 * CPU time in ms, user and system.
 * @param {number} pid
 */
export function cpuMs(pid) {
  return known ? family(pid).reduce((sum, { ticks = 0 }) => sum + ticks * MS_PER_TICK, 0) : NaN;
}

function statusMb(/** @type {number} */ pid, /** @type {string} */ field) {
  if (!known) return NaN;
  let sum = 0;
  for (const member of family(pid)) {
    try {
      sum +=
        Number(
          new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${member.pid}/status`, "utf8"))?.[1] ?? 0,
        ) / 1024;
    } catch {
      // it has just ended
    }
  }
  return sum;
}

/** Resident memory now, and the most there ever was, in MB. */
export const memoryMb = (/** @type {number} */ pid) => statusMb(pid, "VmRSS");
export const peakMemoryMb = (/** @type {number} */ pid) => statusMb(pid, "VmHWM");
