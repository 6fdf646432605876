import { DomainError } from "./errors";
import { isReservedSlug } from "./reserved-slugs";

const FORM = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether a text has the form of a slug; also a CHECK in the database. Digits alone are refused: the CLI takes them for a version. */
export const isSlug = (text: string): boolean => FORM.test(text) && /[a-z]/.test(text);

/** Throws `invalid_input` unless a workspace or project may be called so in URLs. */
export function assertSlug(slug: string): void {
  if (!isSlug(slug)) {
    throw new DomainError("invalid_input", `"${slug.slice(0, 80)}" cannot be part of a URL. Use 1 to 63 lowercase letters, digits and hyphens, with at least one letter, no hyphen first or last.`, { field: "slug" });
  }
  if (isReservedSlug(slug)) throw new DomainError("invalid_input", `"${slug}" is a word that our own URLs use. Choose another.`, { field: "slug" });
}
