/*
 * Which part of a file an answer holds (RFC 9110, 13 and 14), so that a download that broke off goes on where it stopped.
 * A file that has an entity tag never changes under it.
 */

/** Bytes of a file, both ends included. */
export interface ByteRange {
  start: number;
  end: number;
}

export type Wanted =
  | { kind: "whole" }
  | ({ kind: "part" } & ByteRange)
  /** No byte of what was asked for is there: 416. */
  | { kind: "beyond" }
  /** The caller has it already: 304. */
  | { kind: "same" }
  /** The caller means another file: 412. */
  | { kind: "other" };

/**
 * What a GET or HEAD wants of a file of `sizeBytes` whose strong entity tag is `etag`. A range of several parts, in other
 * units, or of no sense is passed over, as is one whose If-Range names another file: then the whole is wanted. HEAD wants no part.
 */
export function readWanted(
  { method, headers }: Request,
  { etag, sizeBytes }: { etag: string; sizeBytes: number },
): Wanted {
  const [match, noneMatch] = [headers.get("if-match"), headers.get("if-none-match")];
  if (match !== null && !names(match, etag)) return { kind: "other" };
  if (noneMatch !== null && names(noneMatch.replaceAll("W/", ""), etag)) return { kind: "same" };
  const range = headers.get("range");
  const ifRange = headers.get("if-range");
  if (method !== "GET" || range === null || (ifRange !== null && ifRange.trim() !== etag)) return { kind: "whole" };
  return readRange(range, sizeBytes);
}

/** Whether a list of tags has it; `*` is any. */
const names = (list: string, etag: string): boolean =>
  list.split(",").some((tag) => tag.trim() === etag || tag.trim() === "*");

function readRange(range: string, sizeBytes: number): Wanted {
  const [, first, last] = /^\s*bytes\s*=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i.exec(range) ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return { kind: "whole" };
  if (first === "") {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? { kind: "beyond" } : { kind: "part", start: sizeBytes - length, end: sizeBytes - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return { kind: "whole" };
  if (start >= sizeBytes) return { kind: "beyond" };
  return { kind: "part", start, end: last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
}
