import { DomainError } from "./errors";

const LENGTH_MAX = 200;

/**
 * A name as it is stored and compared: Unicode NFC, without white space around it. Case and look-alike letters count:
 * "Baseline" is not "baseline", and a Cyrillic а is not a Latin a.
 */
export const normalizeName = (name: string): string => name.normalize("NFC").trim();

/** A name fit to be stored. Throws `invalid_input` for one that is empty, too long, or holds control characters. */
export function parseName(name: string): string {
  const normal = normalizeName(name);
  if (normal === "") throw new DomainError("invalid_input", "Give it a name.", { field: "name" });
  if (normal.length > LENGTH_MAX) throw new DomainError("invalid_input", `A name has at most ${LENGTH_MAX} characters.`, { field: "name" });
  if (/\p{Cc}/u.test(normal)) throw new DomainError("invalid_input", "A name cannot hold control characters, such as line breaks.", { field: "name" });
  return normal;
}
