/*
 * Names in zips that are not in Unicode. Windows wrote them in the encoding of its language, without a word of which; read as
 * the ZIP specification says (code page 437), the class 犬 becomes îó. All names of a zip come from one machine, so together
 * they tell which encoding it was, and a person may choose another.
 */

/** Those of WHATWG's Encoding Standard by its labels, and the one of the ZIP specification. Where two fit as well, the first. */
export const NAME_ENCODINGS = ["shift_jis", "euc-kr", "gb18030", "big5", "cp437"] as const;
export type NameEncoding = (typeof NAME_ENCODINGS)[number];

export interface LegacyName {
  bytes: Uint8Array;
  /** As the ZIP specification reads it. */
  cp437: string;
}

/** A name in an encoding; what cannot be read in it becomes U+FFFD. */
export const decodeName = ({ bytes, cp437 }: LegacyName, encoding: NameEncoding): string =>
  encoding === "cp437" ? cp437 : new TextDecoder(encoding).decode(bytes);

/** So many names tell as much as all. */
const SAMPLE = 2_000;

/** The encoding in which the names look most like what people write. */
export function guessEncoding(names: readonly LegacyName[]): NameEncoding {
  const sample = names.slice(0, SAMPLE);
  let best: { encoding: NameEncoding; score: number } = { encoding: "cp437", score: -1 };
  for (const encoding of NAME_ENCODINGS) {
    const score = likeness(sample, encoding);
    if (score !== null && score > best.score) best = { encoding, score };
  }
  return best.encoding;
}

/** From 0 to 1; null when a name cannot be read so. */
function likeness(names: readonly LegacyName[], encoding: NameEncoding): number | null {
  let [sum, count] = [0, 0];
  for (const name of names) {
    const text = readStrictly(name, encoding);
    if (text === null) return null;
    const characters = [...text];
    for (const [at, character] of characters.entries()) {
      if (character.codePointAt(0)! < 0x80) continue;
      sum += WEIGHTS[encoding](character, [characters[at - 1] ?? "", characters[at + 1] ?? ""]);
      count += 1;
    }
  }
  return count === 0 ? null : sum / count;
}

function readStrictly({ bytes, cp437 }: LegacyName, encoding: NameEncoding): string | null {
  if (encoding === "cp437") return cp437;
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

type Weigh = (character: string, beside: readonly [before: string, after: string]) => number;

const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}ー々]/u;
const HALF_WIDTH = /[\uFF61-\uFF9F]/u;
const HAN = /\p{Script=Han}/u;
const HANGUL = /[가-힣]/u;
const LETTER = /\p{Script=Latin}/u;

/** Han beside a Latin letter is rarely meant: two bytes of "schön" are 馬. */
const han = (common: number, beside: readonly string[]): number =>
  beside.some((one) => LETTER.test(one)) ? common / 2 : common;

/** How common a character is among those that its encoding can say. */
const WEIGHTS: Record<NameEncoding, Weigh> = {
  shift_jis: (character, beside) =>
    HALF_WIDTH.test(character) ? 0.3 : KANA.test(character) ? 1 : HAN.test(character) ? han(0.95, beside) : 0.3,
  // Words of names are Hangul; a Chinese name read so is full of Han.
  "euc-kr": (character) => (HANGUL.test(character) ? 0.95 : 0.1),
  gb18030: (character, beside) => (isLevelOne(character, GB2312) ? han(0.85, beside) : 0.2),
  big5: (character, beside) => (isLevelOne(character, BIG5) ? han(0.8, beside) : 0.2),
  // An accented letter stands beside small letters; alone, or beside another, it is half of something else.
  cp437: (character, beside) =>
    LETTER.test(character) && beside.some((one) => /[a-z]/.test(one)) ? 0.9 : LETTER.test(character) ? 0.3 : 0.1,
};

/** Rows of the characters that are in daily use, which both standards keep apart. */
const GB2312 = { encoding: "gb18030", from: 0xb0, to: 0xd7, second: [[0xa1, 0xfe]] } as const;
const BIG5 = { encoding: "big5", from: 0xa4, to: 0xc6, second: [[0x40, 0x7e], [0xa1, 0xfe]] } as const; // prettier-ignore

const known = new Map<string, Set<string>>();

function isLevelOne(character: string, rows: typeof GB2312 | typeof BIG5): boolean {
  let level = known.get(rows.encoding);
  if (!level) {
    const decoder = new TextDecoder(rows.encoding);
    level = new Set();
    for (let first: number = rows.from; first <= rows.to; first++)
      for (const [low, high] of rows.second)
        for (let second: number = low; second <= high; second++)
          level.add(decoder.decode(new Uint8Array([first, second])));
    known.set(rows.encoding, level);
  }
  return level.has(character);
}
