import { DomainError } from "./errors";
import { normalizeName, NOTE_LENGTH_MAX } from "./name-form";

export { normalizeName };

const LENGTH_MAX = 200;

/** A name fit to be stored. Throws `invalid_input` for one that is empty, too long, or holds control characters. */
export function parseName(name: string): string {
  const normal = normalizeName(name);
  if (normal === "") throw new DomainError("invalid_input", "Give it a name.", { field: "name" });
  if (normal.length > LENGTH_MAX)
    throw new DomainError("invalid_input", `A name has at most ${LENGTH_MAX} characters.`, { field: "name" });
  if (/\p{Cc}/u.test(normal))
    throw new DomainError("invalid_input", "A name cannot hold control characters, such as line breaks.", {
      field: "name",
    });
  return normal;
}

/** What programs write for several values, or none: a JSON list or object. */
function isJson(text: string): boolean {
  if (!/^[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A class name fit to be stored, by the same rules, and no JSON list: an image has one class. Throws `invalid_input`. */
export function parseLabel(label: string): string {
  const normal = normalizeName(label);
  if (normal === "" || normal.length > LENGTH_MAX || /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(normal)) {
    throw new DomainError("invalid_input", `A class name has 1 to ${LENGTH_MAX} characters and no line breaks.`, {
      field: "label",
    });
  }
  if (isJson(normal))
    throw new DomainError("invalid_input", "A class name is one name, and no list of several.", { field: "label" });
  return normal;
}

/** Why somebody does something, in a line of theirs, fit to be stored; null when they say nothing. Throws `invalid_input`. */
export function parseNote(note: string | undefined): string | null {
  const normal = normalizeName(note ?? "");
  if (normal === "") return null;
  if (normal.length > NOTE_LENGTH_MAX)
    throw new DomainError(
      "invalid_input",
      `A reason has at most ${NOTE_LENGTH_MAX} characters; this one has ${normal.length}.`,
      { field: "reason" },
    );
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(normal))
    throw new DomainError("invalid_input", "A reason cannot hold control characters, such as line breaks.", {
      field: "reason",
    });
  return normal;
}

const FILE_NAME_LENGTH_MAX = 255;

/**
 * What a person's file is called, for people to read: the last part of whatever path it came with, without characters
 * that hide or break lines, its end when it is too long (the extension stays). Never refused, and never part of a path:
 * files are stored by id.
 */
export function toFileName(given: string): string {
  const base = given.normalize("NFC").split(/[/\\]/).at(-1)!;
  const shown = base.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "").trim();
  const cut = shown.slice(-FILE_NAME_LENGTH_MAX).replace(/\p{Cs}/gu, "");
  return /^\.*$/.test(cut) ? "image" : cut;
}
