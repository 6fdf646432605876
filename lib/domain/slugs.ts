import { DomainError } from "./errors";
import { isReservedSlug } from "./reserved-slugs";
import { isSlug, slugsFor } from "./slug-form";

export { isSlug, slugsFor };

/** Throws `invalid_input` unless a workspace or project may be called so in URLs. */
export function assertSlug(slug: string): void {
  if (!isSlug(slug)) {
    throw new DomainError(
      "invalid_input",
      `"${slug.slice(0, 80)}" cannot be part of a URL. Use 1 to 63 lowercase letters, digits and hyphens, with at least one letter, no hyphen first or last.`,
      { field: "slug" },
    );
  }
  if (isReservedSlug(slug))
    throw new DomainError("invalid_input", `"${slug}" is a word that our own URLs use. Choose another.`, {
      field: "slug",
    });
}
