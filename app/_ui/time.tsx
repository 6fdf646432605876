"use client";

import { useFormatter, useNow, useTimeZone } from "next-intl";
import { useSyncExternalStore } from "react";

const FORMATS = {
  date: { year: "numeric", month: "short", day: "numeric" },
  dateTime: { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
} as const;

const MINUTE_MS = 60_000;

const never = () => () => {};
const browserZone = () => new Intl.DateTimeFormat().resolvedOptions().timeZone;

const everyMinute = (changed: () => void) => {
  const timer = setInterval(changed, MINUTE_MS);
  return () => clearInterval(timer);
};
const thisMinute = () => Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;

interface TimeProps {
  at: Date | string;
  /** "relative" says how long ago, or until when: from `now` where it matters, else from the browser's clock. */
  format?: keyof typeof FORMATS | "relative";
  now?: Date;
}

/**
 * An instant in the viewer's zone, in UTC on hover. The server renders the zone that the browser last told it
 * (remember.tsx) and its own instant; the browser hydrates the same text and corrects it only then.
 */
export function Time({ at, format = "dateTime", now }: TimeProps) {
  const formatter = useFormatter();
  const known = useTimeZone() ?? "UTC";
  const requested = useNow().getTime();
  const timeZone = useSyncExternalStore(never, browserZone, () => known);
  const minute = useSyncExternalStore(format === "relative" && !now ? everyMinute : never, thisMinute, () => requested);
  const instant = new Date(at);
  const iso = instant.toISOString();
  // An instant of this very minute is not in the future because the minute began before it.
  const from = now ?? new Date(Math.max(minute, Math.min(instant.getTime(), minute + MINUTE_MS)));
  return (
    <time dateTime={iso} title={`${iso.slice(0, 19).replace("T", " ")} UTC`} className="whitespace-nowrap">
      {format === "relative"
        ? formatter.relativeTime(instant, from)
        : formatter.dateTime(instant, { ...FORMATS[format], timeZone })}
    </time>
  );
}
