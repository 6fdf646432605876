import { createHash } from "node:crypto";

/** A deterministic stream of random numbers: the same seed and labels give the same stream on every machine. */
export interface Random {
  /** A whole number, 0 ≤ n < 2^32. */
  uint32(): number;
  /** A number, 0 ≤ x < 1, with 32 bits of it random. */
  unit(): number;
  /** A number, min ≤ x < max. */
  between(min: number, max: number): number;
  /** A whole number, 0 ≤ n < below; below is at most 2^32. */
  integer(below: number): number;
}

/**
 * Guarantees each (seed, labels) a stream of its own, independent of every other and of the order of the calls, so
 * that images can be rendered in any order, by any number of workers, or again one by one.
 *
 * The generator is sfc32 of PractRand (Chris Doty-Humphrey, public domain; https://pracrand.sourceforge.net), with its
 * shifts 9, 3, 21, counter from 1 and 12 rounds thrown away; its state is filled from SHA-256 over the labels' JSON.
 * Not for secrets.
 */
export function derive(seed: number, ...labels: readonly (string | number)[]): Random {
  const digest = createHash("sha256")
    .update(JSON.stringify([seed, ...labels]))
    .digest();
  let a = digest.readUInt32LE(0);
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  let counter = 1;

  function uint32(): number {
    const result = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = (b ^ (b >>> 9)) >>> 0;
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + result) >>> 0;
    return result;
  }
  for (let round = 0; round < 12; round++) uint32();

  const unit = () => uint32() / 2 ** 32;
  return {
    uint32,
    unit,
    between: (min, max) => min + (max - min) * unit(),
    integer: (below) => Math.floor(unit() * below),
  };
}
