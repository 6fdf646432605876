/** How long an item waits in Trash: 30 × 24 h, whatever daylight saving does. Stored with the item as purge_after. */
export const RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

/** Nothing is to be purged sooner than so long after it was moved to Trash: pages of Trash rely on it where they begin to look. */
export const SHORTEST_WAIT_MS = RETENTION_MS;

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
/** From this many days on the time is running out. */
const URGENT_DAYS = 3;

/** How long an item still waits: begun days, under one day whole hours, then less than one; or the scheduled purge is due. */
export type TimeLeft = { unit: "days" | "hours" | "underAnHour" | "due"; value: number; urgent: boolean };

/** By the server's clock. Never 0 days: while time remains, it says so. */
export function timeLeft(purgeAfter: Date, now: Date): TimeLeft {
  const ms = purgeAfter.getTime() - now.getTime();
  if (ms <= 0) return { unit: "due", value: 0, urgent: true };
  if (ms < HOUR_MS) return { unit: "underAnHour", value: 0, urgent: true };
  if (ms < DAY_MS) return { unit: "hours", value: Math.floor(ms / HOUR_MS), urgent: true };
  return { unit: "days", value: Math.ceil(ms / DAY_MS), urgent: ms <= URGENT_DAYS * DAY_MS };
}
