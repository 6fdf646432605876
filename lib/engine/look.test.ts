import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { groupByLook, lookOf } from "./look";

/** A picture of soft shapes, another for each number. */
async function picture(number: number): Promise<Buffer> {
  const circles = Array.from({ length: 5 }, (_, i) => {
    const at = (factor: number) => ((number * 37 + i * 53) * factor) % 200;
    return `<circle cx="${at(7)}" cy="${at(11)}" r="${20 + (at(3) % 40)}" fill="rgb(${at(5)},${at(13)},${at(17)})"/>`;
  });
  return sharp(
    Buffer.from(`<svg width="200" height="150"><rect width="200" height="150" fill="#888"/>${circles.join("")}</svg>`),
  )
    .png()
    .toBuffer();
}

describe("looks", () => {
  it("of one picture in other sizes, formats and qualities are near, and of others are not", async () => {
    const items = [];
    for (let number = 1; number <= 12; number++)
      items.push({ name: `${number}`, look: await lookOf(await picture(number)) });
    const first = await picture(1);
    items.push({ name: "jpeg", look: await lookOf(await sharp(first).jpeg({ quality: 40 }).toBuffer()) });
    items.push({ name: "large", look: await lookOf(await sharp(first).resize(640).webp().toBuffer()) });
    expect(items.every(({ look }) => /^[0-9a-f]{32}$/.test(look))).toBe(true);
    expect(groupByLook(items).map((group) => group.map(({ name }) => name))).toEqual([["1", "jpeg", "large"]]);
  });

  it("of plain grounds say nothing, however many there are", async () => {
    const plain = await lookOf(
      await sharp({ create: { width: 9, height: 9, channels: 3, background: "#123" } })
        .png()
        .toBuffer(),
    );
    expect(plain).toBe("0".repeat(32));
    expect(groupByLook(Array.from({ length: 1_000 }, () => ({ look: plain })))).toEqual([]);
  });
});
