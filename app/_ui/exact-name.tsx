import { CopyButton } from "./copy-button";

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

/** A piece of a name: as it is, or the code point of a character that one cannot see or could take for another. */
interface Piece {
  text: string;
  odd: boolean;
}

/** Emoji stay as they are, with what joins them. */
function piecesOf(name: string): Piece[] {
  const mixed = LATIN.test(name) && LOOK_ALIKE.test(name);
  const isOdd = (character: string): boolean => UNSEEN.test(character) || (mixed && LOOK_ALIKE.test(character));
  const characters = Array.from(new Intl.Segmenter("en").segment(name), ({ segment }) =>
    EMOJI.test(segment) ? [segment] : Array.from(segment),
  ).flat();
  return characters.map((character) =>
    !EMOJI.test(character) && isOdd(character)
      ? { text: codePoint(character), odd: true }
      : { text: character, odd: false },
  );
}

/** The name with every character that one cannot see, or could take for another, as ⟨U+202E⟩. */
export const escapeName = (name: string): string =>
  piecesOf(name)
    .map(({ text }) => text)
    .join("");

/** Whether a name is not what it looks like. */
export const isOddName = (name: string): boolean => piecesOf(name).some(({ odd }) => odd);

/**
 * The name that is to be typed, exactly: what cannot be seen in it, or taken for something else, stands marked as its code
 * point; the button copies the name itself. `mark` tells it from others of its name: "v3".
 */
export function ExactName({ name, mark, copyLabel }: { name: string; mark?: string | undefined; copyLabel: string }) {
  return (
    <div className="flex min-w-0 items-center gap-2 rounded-md border border-line bg-panel py-1 pr-1 pl-2.5">
      <code
        data-testid="exact-name"
        dir="ltr"
        className="min-w-0 grow font-mono text-sm wrap-anywhere whitespace-pre-wrap select-all"
      >
        {runsOf(piecesOf(name)).map(({ text, odd }, i) =>
          odd ? (
            <mark key={i} className="rounded-sm bg-warn-soft px-0.5 text-warn">
              {text}
            </mark>
          ) : (
            text
          ),
        )}
      </code>
      {mark ? <span className="shrink-0 font-mono text-sm text-muted">{mark}</span> : null}
      <CopyButton text={name} label={copyLabel} />
    </div>
  );
}

/** Plain characters together; each odd one for itself. */
function runsOf(pieces: readonly Piece[]): Piece[] {
  const runs: Piece[] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    if (last && !last.odd && !piece.odd) runs[runs.length - 1] = { text: last.text + piece.text, odd: false };
    else runs.push(piece);
  }
  return runs;
}
