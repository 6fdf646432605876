import { DomainError } from "./errors";
import { normalizeName } from "./name-form";

export { normalizeName };

const LENGTH_MAX = 200;

/** A name fit to be stored. Throws `invalid_input` for one that is empty, too long, or holds control characters. */
export function parseName(name: string): string {
  const normal = normalizeName(name);
  if (normal === "") throw new DomainError("invalid_input", "Give it a name.", { field: "name" });
  if (normal.length > LENGTH_MAX) throw new DomainError("invalid_input", `A name has at most ${LENGTH_MAX} characters.`, { field: "name" });
  if (/\p{Cc}/u.test(normal)) throw new DomainError("invalid_input", "A name cannot hold control characters, such as line breaks.", { field: "name" });
  return normal;
}
