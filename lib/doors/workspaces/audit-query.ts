import { AUDIT_ACTIONS } from "@/lib/domain/audit";
import { DomainError } from "@/lib/domain/errors";
import { AUDIT_GROUPS, AUDIT_ITEM_TYPES, type AuditFilter } from "@/lib/domain/workspaces";

/*
 * What of the audit log an address asks for: the page's, and the downloads' of the same.
 */

const FIELDS = ["actor", "action", "type", "item", "from", "to", "before", "after"] as const;

/** The filters and the place in the log as they stand in an address; what is not given is left out. */
export type AuditQuery = { [Field in (typeof FIELDS)[number]]?: string };

type Raw = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Reads an address. What is empty, as a form sends it, is not given. */
export function readAuditQuery(raw: Raw): AuditQuery {
  return Object.fromEntries(
    FIELDS.flatMap((field) => {
      const value = raw[field];
      const text = typeof value === "string" ? value : (value?.[0] ?? "");
      return text === "" ? [] : [[field, text]];
    }),
  );
}

const unknown = (field: string): DomainError =>
  new DomainError("invalid_input", `There is no such ${field} to look for in the log. Choose another.`, { field });

/** One of the values that there are. Throws `invalid_input`. */
function oneOf<Known extends string>(known: readonly Known[], value: string | undefined, field: string) {
  if (value === undefined) return undefined;
  const found = known.find((one) => one === value);
  if (found === undefined) throw unknown(field);
  return found;
}

/** No control characters: PostgreSQL takes no NUL. */
const ID = /^[^\p{Cc}]{1,200}$/u;

function idOf(value: string | undefined, field: string): string | undefined {
  if (value !== undefined && !ID.test(value)) throw unknown(field);
  return value;
}

const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

/** A day begins when it does for whoever looks. An instant is itself. Throws `invalid_input`. */
function instantOf(text: string | undefined, field: string, timeZone: string, daysLater: number): Date | undefined {
  if (text === undefined) return undefined;
  const [day, year, month, date] = DAY.exec(text) ?? [];
  if (day === undefined) {
    const instant = new Date(INSTANT.test(text) ? text : "");
    if (!Number.isNaN(instant.getTime())) return instant;
  } else {
    const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(date)));
    if (midnight.toISOString().startsWith(day))
      return startOfDay(Date.UTC(Number(year), Number(month) - 1, Number(date) + daysLater), timeZone);
  }
  throw new DomainError("invalid_input", `"${text.slice(0, 40)}" is no date: write it as 2026-11-28.`, { field });
}

/** When a day begins in a time zone, given as when it begins in UTC. */
function startOfDay(utcMidnight: number, timeZone: string): Date {
  let guess = utcMidnight;
  // The offset is that of the instant which is looked for: asked twice, because it may have changed in between.
  for (let i = 0; i < 2; i++) guess = utcMidnight - offsetAt(guess, timeZone);
  return new Date(guess);
}

/** How far the clocks of a time zone are ahead of UTC, in milliseconds. */
function offsetAt(instant: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(instant);
  const read = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)!.value);
  const local = Date.UTC(read("year"), read("month") - 1, read("day"), read("hour"), read("minute"), read("second"));
  return local - Math.floor(instant / 1000) * 1000;
}

/**
 * The filters of an address for the domain: `to` with the whole of its day, days as they are in `timeZone`.
 * Throws `invalid_input` for what cannot be looked for, so that a mistyped one never answers with everything.
 */
export function toAuditFilter(query: AuditQuery, timeZone: string): AuditFilter {
  return {
    actor: idOf(query.actor, "actor"),
    action: oneOf([...AUDIT_GROUPS, ...AUDIT_ACTIONS], query.action, "action"),
    type: oneOf(AUDIT_ITEM_TYPES, query.type, "type"),
    item: idOf(query.item, "item"),
    from: instantOf(query.from, "from", timeZone, 0),
    to: instantOf(query.to, "to", timeZone, 1),
  };
}

const searchOf = (query: AuditQuery): string => {
  const search = new URLSearchParams(FIELDS.flatMap((field) => (query[field] ? [[field, query[field]]] : [])));
  return search.size > 0 ? `?${search.toString()}` : "";
};

/** The page that shows it. */
export const auditHref = (workspaceSlug: string, query: AuditQuery): string =>
  `/${workspaceSlug}/settings/audit-log${searchOf(query)}`;

/** Where to download all of it, whichever page is shown. */
export const auditDownloadHref = (
  workspaceSlug: string,
  format: "csv" | "json",
  { before: _before, after: _after, ...query }: AuditQuery,
): string => `/data/${workspaceSlug}/audit-log/${format}${searchOf(query)}`;

/** Whether it is less than everything, wherever in the log it begins. */
export const isFiltered = (query: AuditQuery): boolean =>
  FIELDS.some((field) => field !== "before" && field !== "after" && query[field] !== undefined);
