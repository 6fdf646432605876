/*
 * Names as they really are. Some hold what the eye cannot see or mistakes for something else: marks that turn the
 * direction of writing, characters of no width, Cyrillic letters among Latin ones. Where a name decides (a title that
 * asks, a line to type), those stand as their code points.
 */

const EMOJI = new RegExp("^\\p{RGI_Emoji}$", "v");
/** Takes no place, turns the writing, is white space other than a plain space, or means nothing in Unicode. */
const UNSEEN =
  /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]|(?! )\p{Zs}/u;
const LATIN = /\p{Script=Latin}/u;
/** Alphabets whose letters look like Latin ones. */
const LOOK_ALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;

const codePoint = (character: string): string =>
  `⟨U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}⟩`;

/** The name with every character that one cannot see, or could take for another, as ⟨U+202E⟩. Emoji stay as they are. */
export function escapeName(name: string): string {
  const mixed = LATIN.test(name) && LOOK_ALIKE.test(name);
  return Array.from(new Intl.Segmenter("en").segment(name), ({ segment }) =>
    EMOJI.test(segment)
      ? segment
      : Array.from(segment, (character) =>
          UNSEEN.test(character) || (mixed && LOOK_ALIKE.test(character)) ? codePoint(character) : character,
        ).join(""),
  ).join("");
}

/** Whether a name is not what it looks like. */
export const isOddName = (name: string): boolean => escapeName(name) !== name;
