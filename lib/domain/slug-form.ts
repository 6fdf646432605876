import { isReservedSlug } from "./reserved-slugs";

/*
 * What may be a slug. In a file of its own, which knows no error, because the browser shows the slug that a name gets.
 */

const FORM = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether a text has the form of a slug; also a CHECK in the database. Digits alone are refused: the CLI takes them for a version. */
export const isSlug = (text: string): boolean => FORM.test(text) && /[a-z]/.test(text);

const SLUG_LENGTH_MAX = 63;
const SUFFIX_MAX = 1_000;

/**
 * Slugs for a thing of that name, best first: its letters and digits as ASCII, then the same with -2, -3 … behind it.
 * All may be used: none is reserved, too long, or of digits only. A name that leaves nothing gives "project".
 */
export function* slugsFor(name: string): Generator<string> {
  const ascii = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const plain = ascii.replace(/[^a-z0-9]+/g, "-").replace(/^-/, "");
  const word = /[a-z]/.test(plain) ? plain : `project-${plain}`;
  for (let number = 1; number <= SUFFIX_MAX; number += 1) {
    const suffix = number === 1 ? "" : `-${number}`;
    const slug = word.slice(0, SLUG_LENGTH_MAX - suffix.length).replace(/-$/, "") + suffix;
    if (isSlug(slug) && !isReservedSlug(slug)) yield slug;
  }
}
