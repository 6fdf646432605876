import { DomainError } from "@/lib/domain/errors";
import { parseSplitName, SPLITS } from "@/lib/domain/splits";
import { normalizeName, parseLabel } from "@/lib/domain/names";
import { parseTags } from "./description";
import type { ImageFilter, ImageQuery } from "./search";

const KEYS = ["tag", "class", "split", "project", "batch", "filename"] as const;
type Key = (typeof KEYS)[number];

const refuse = (sentence: string): DomainError => new DomainError("invalid_input", sentence, { field: "query" });

const HELP = `Use * for all images, or terms such as tag:review, class:apple, split:train, project:digits, batch:"June 3" or filename:cam1_*, of which all must hold.`;

/**
 * Reads a search: terms of `key:value`, all of which must hold; * is every image. Throws `invalid_input` for words that
 * would have to be understood (we compare, we do not guess what is on an image), and for OR, NOT and brackets.
 */
export function parseImageQuery(text: string): ImageQuery {
  const terms = readTerms(text).filter(({ key, value }) => key !== null || (value !== "*" && value !== "AND"));
  const filter: ImageFilter & { tags: string[] } = { tags: [] };
  const found: ImageQuery = { filter, project: undefined };
  const seen = new Set<Key>();
  for (const { key: word, value } of terms) {
    const key = KEYS.find((one) => one === word);
    if (word === null || key === undefined)
      throw refuse(
        `"${word === null ? value : `${word}:`}" is not understood: images are found by what is written down of them. ${HELP}`,
      );
    if (value === "") throw refuse(`"${key}:" names nothing. ${HELP}`);
    if (key !== "tag" && seen.has(key)) throw refuse(`"${key}:" can stand once only. ${HELP}`);
    seen.add(key);
    apply(found, filter, key, value);
  }
  return found;
}

function apply(found: ImageQuery, filter: ImageFilter & { tags: string[] }, key: Key, value: string): void {
  switch (key) {
    case "tag":
      return void filter.tags.push(...parseTags([value], "query"));
    case "class":
      return void (filter.label = parseLabel(value));
    case "split": {
      const split = parseSplitName(value);
      if (split === null) throw refuse(`"split:" is train, valid or test.`);
      return void (filter.split = SPLITS[split]);
    }
    case "project":
      return void (found.project = value === "false" ? false : value);
    case "batch":
      return void (filter.batch = normalizeName(value));
    case "filename":
      return void (filter.fileName = value);
  }
}

interface Term {
  /** null: a word without one. */
  key: string | null;
  value: string;
}

/** Words, and values in quotes with \" for a quote. */
function readTerms(text: string): Term[] {
  const terms: Term[] = [];
  const pattern = /\s*(?:([\p{L}_-]+):)?(?:"((?:[^"\\]|\\.)*)"|(\S*))/uy;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match || match[0].length === 0) break;
    const [, key, quoted, plain = ""] = match;
    const value = quoted === undefined ? plain : quoted.replace(/\\(.)/gu, "$1");
    if (key !== undefined || value !== "") terms.push({ key: key ?? null, value });
  }
  return terms;
}
