/** What Windows takes for a device, with whatever extension. */
const DEVICES = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:$|[. ])/i;

/** Of a name that something is added to. What a file system allows is 255 bytes. */
const SHORT = { characters: 80, bytes: 160 };

/** Of one that is kept as it is, but for its ending. */
export const WHOLE_NAME = { characters: 200, bytes: 230 };

/**
 * A name that is a single file or folder name on Linux, macOS and Windows, as like `name` as can be: in NFC, without
 * slashes, drive letters, control characters and marks that turn the direction of writing, neither hidden nor ending in
 * dots or spaces, no device, of at most 80 characters and 160 bytes unless `max` allows more; `fallback` where nothing is left. Different names may
 * become the same: see `NameSet`.
 */
export function safeName(name: string, fallback: string, max: { characters: number; bytes: number } = SHORT): string {
  const plain = name
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069<>:"/\\|?*]/gu, "_")
    .replace(/^[.\s]+/, "");
  let kept = "";
  let characters = 0;
  for (const character of plain) {
    characters += 1;
    if (characters > max.characters || Buffer.byteLength(kept) + Buffer.byteLength(character) > max.bytes) break;
    kept += character;
  }
  const safe = kept.replace(/[.\s]+$/, "");
  return DEVICES.test(safe) ? `_${safe}` : safe || fallback;
}

/** The names in one folder, kept apart also where case or Unicode form is not told apart. */
export class NameSet {
  private readonly taken = new Set<string>();

  /** `${name}${ending}`, with the first free number between the two when that is taken. Never the same twice. */
  claim(name: string, ending = ""): string {
    for (let number = 1; ; number += 1) {
      const candidate = `${name}${number === 1 ? "" : `-${number}`}${ending}`;
      const key = candidate.normalize("NFKC").toUpperCase().toLowerCase();
      if (this.taken.has(key)) continue;
      this.taken.add(key);
      return candidate;
    }
  }
}
