import sharp from "sharp";

/*
 * What a picture looks like, in 128 bits: whether it grows brighter from one of 8 × 8 places to the next, to the right and
 * downwards (a difference hash, both ways). Other sizes, formats and qualities of one picture differ in a few bits, other
 * pictures in dozens.
 */

const SIDE = 8;
/** Less than this, of 255, is noise: a plain ground is the same everywhere. */
const RISE = 6;

/** The look of an image's bytes, as 32 hexadecimal digits. */
export async function lookOf(image: Buffer): Promise<string> {
  const side = SIDE + 1;
  const pixels = await sharp(image)
    .flatten({ background: "#000" })
    .greyscale()
    .resize(side, side, { fit: "fill" })
    .raw()
    .toBuffer();
  let bits = 0n;
  const rises = (from: number, to: number) => {
    bits = (bits << 1n) | (pixels[to]! - pixels[from]! > RISE ? 1n : 0n);
  };
  for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) rises(y * side + x, y * side + x + 1);
  for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) rises(y * side + x, (y + 1) * side + x);
  return bits.toString(16).padStart(32, "0");
}

/** Bits that may differ. Fewer than there are parts: so two that look the same have a part in common. */
const DIFFER_MAX = 7;
const PARTS = 8;
/** Pictures that share a part and are compared; where more do, that part is plain ground and says nothing. */
const SHARED_MAX = 200;

/**
 * Groups of those that look the same, each of two or more, in their order; every one in one group at most. Pictures without
 * any rise are all alike to this, and are left out. Some seconds for 100,000.
 */
export function groupByLook<Item extends { look: string }>(items: readonly Item[]): Item[][] {
  const parent = items.map((_, i) => i);
  const rootOf = (i: number): number => {
    let root = i;
    while (parent[root] !== root) root = parent[root]!;
    parent[i] = root;
    return root;
  };
  const words = items.map(({ look }) => [0, 8, 16, 24].map((at) => Number.parseInt(look.slice(at, at + 8), 16)));
  const plain = words.map((look) => look.every((word) => word === 0));
  const near = (a: number, b: number) =>
    words[a]!.reduce((sum, word, i) => sum + ones(word ^ words[b]![i]!), 0) <= DIFFER_MAX;
  for (let part = 0; part < PARTS; part++) {
    const sharing = new Map<string, number[]>();
    items.forEach(({ look }, i) => {
      if (plain[i]) return;
      const key = look.slice(part * 4, part * 4 + 4);
      const others = sharing.get(key);
      if (others) others.push(i);
      else sharing.set(key, [i]);
    });
    for (const some of sharing.values()) {
      if (some.length > SHARED_MAX) continue;
      for (let a = 0; a < some.length; a++)
        for (let b = a + 1; b < some.length; b++)
          if (rootOf(some[a]!) !== rootOf(some[b]!) && near(some[a]!, some[b]!))
            parent[Math.max(rootOf(some[a]!), rootOf(some[b]!))] = Math.min(rootOf(some[a]!), rootOf(some[b]!));
    }
  }
  const groups = new Map<number, Item[]>();
  items.forEach((item, i) => {
    const group = groups.get(rootOf(i));
    if (group) group.push(item);
    else groups.set(rootOf(i), [item]);
  });
  return [...groups.values()].filter((group) => group.length > 1);
}

/** How many bits of 32 are set. */
function ones(word: number): number {
  let left = word - ((word >>> 1) & 0x55555555);
  left = (left & 0x33333333) + ((left >>> 2) & 0x33333333);
  return Math.imul((left + (left >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
