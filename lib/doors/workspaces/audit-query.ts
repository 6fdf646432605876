import { AUDIT_ACTIONS } from "@/lib/domain/audit";
import { DomainError } from "@/lib/domain/errors";
import { dayAfter, parseDay, startOfDay } from "@/lib/doors/days";
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

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

/** A day begins when it does for whoever looks. An instant is itself. Throws `invalid_input`. */
function instantOf(text: string | undefined, field: string, timeZone: string, daysLater: 0 | 1): Date | undefined {
  if (text === undefined) return undefined;
  const day = parseDay(text);
  if (day !== "") return startOfDay(daysLater === 0 ? day : dayAfter(day), timeZone);
  const instant = new Date(INSTANT.test(text) ? text : "");
  if (!Number.isNaN(instant.getTime())) return instant;
  throw new DomainError("invalid_input", `"${text.slice(0, 40)}" is no date: write it as 2026-11-28.`, { field });
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
