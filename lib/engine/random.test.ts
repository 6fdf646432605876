import { describe, expect, it } from "vitest";
import { derive } from "@/lib/engine/random";

function draw(count: number, seed: number, ...labels: (string | number)[]): number[] {
  const random = derive(seed, ...labels);
  return Array.from({ length: count }, () => random.uint32());
}

describe("derive", () => {
  it("gives the same stream for the same seed and labels, for ever", () => {
    expect(draw(4, 42, "image-1", 0)).toEqual(draw(4, 42, "image-1", 0));
    expect(draw(4, 42, "image-1", 0)).toEqual([2952985391, 1368739716, 1717635903, 664317525]);
  });

  it("gives other streams for another seed, another label, and labels cut in another place", () => {
    const streams = [
      draw(4, 42, "ab", 1),
      draw(4, 43, "ab", 1),
      draw(4, 42, "ab", 2),
      draw(4, 42, "a", "b", 1),
      draw(4, 42, "ab1"),
      draw(4, 42, "ab", "1"),
    ];
    expect(new Set(streams.map(String)).size).toBe(streams.length);
  });

  it("does not let one stream move another", () => {
    const first = derive(1, "a");
    const second = derive(1, "b");
    const mixed = [first.uint32(), second.uint32(), first.uint32(), second.uint32()];
    expect([mixed[0], mixed[2]]).toEqual(draw(2, 1, "a"));
    expect([mixed[1], mixed[3]]).toEqual(draw(2, 1, "b"));
  });

  it("spreads its numbers evenly and stays inside the bounds", () => {
    const random = derive(7);
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 20_000; i++) buckets[random.integer(10)]! += 1;
    for (const count of buckets) expect(Math.abs(count - 2000)).toBeLessThan(200); // 4.7 standard deviations
    for (let i = 0; i < 1000; i++) {
      const value = random.between(-15, 15);
      expect(value >= -15 && value < 15).toBe(true);
      expect(random.unit() < 1).toBe(true);
    }
  });
});
