import { createHash } from "node:crypto";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { readDigits } from "@/lib/engine/digits";

describe("readDigits", () => {
  it("reads 600 different real digits, 60 of each class, split 70/20/10 within each", { timeout: 30_000 }, async () => {
    const digits = await readDigits(600);
    const tally: Record<string, number> = {};
    for (const { label, split } of digits) tally[`${label} ${split}`] = (tally[`${label} ${split}`] ?? 0) + 1;
    expect(tally).toEqual(
      Object.fromEntries(
        Array.from("0123456789", (label) => [
          [`${label} train`, 42],
          [`${label} valid`, 12],
          [`${label} test`, 6],
        ]).flat(),
      ),
    );
    expect(new Set(digits.map(({ fileName }) => fileName)).size).toBe(600);
    expect(new Set(digits.map(({ png }) => createHash("sha256").update(png).digest("hex"))).size).toBe(600);
    for (const { png } of digits) {
      const { data, info } = await sharp(png).toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
      expect([info.width, info.height, (await sharp(png).metadata()).channels]).toEqual([28, 28, 1]);
      expect(data.some((value) => value > 200)).toBe(true); // ink
      expect(data.filter((value) => value === 0).length).toBeGreaterThan(200); // paper
    }
  });

  it("is the same at every call, and a smaller number is the beginning of a larger one", async () => {
    const [some, more] = await Promise.all([readDigits(13), readDigits(25)]);
    expect(more.slice(0, 13)).toEqual(some);
    expect(some.map(({ label }) => label).join("")).toBe("0123456789012");
    expect(await readDigits(0)).toEqual([]);
  });

  it("refuses more digits than there are, and numbers that are none", async () => {
    await expect(readDigits(20_000)).rejects.toThrow(/the digit 0, not 2000/);
    await expect(readDigits(1.5)).rejects.toThrow(RangeError);
    await expect(readDigits(-1)).rejects.toThrow(RangeError);
  });
});
