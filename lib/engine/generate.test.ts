import { createHash } from "node:crypto";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { ImageDecodeError, renderOutputs } from "@/lib/engine/generate";
import { planOutputs } from "@/lib/engine/plan";
import type { Augmentation } from "@/lib/engine/settings";
import { EVERY_STEP, photo, pixelsOf, render, renderAll, solid } from "@/lib/testing/pixels";

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("determinism", () => {
  it("gives the same bytes for the same seed, others for another, and other ones for each output", async () => {
    const source = await photo(60, 40);
    const hashes = async (seed: number) =>
      (await renderAll(source, { augmentation: EVERY_STEP, seed })).map(({ bytes }) => sha256(bytes));
    const first = await hashes(7);
    expect(await hashes(7)).toEqual(first);
    expect(new Set([...first, ...(await hashes(8))]).size).toBe(6);
  });

  it("gives each output the same bytes and boxes whichever others are asked for, in whatever order, and whatever else is rendered at the time", async () => {
    const source = await photo(60, 40);
    const settings = {
      preprocessing: {
        tile: { rows: 2, columns: 2 },
        resize: { width: 32, height: 32, format: "Stretch to" as const },
      },
      augmentation: EVERY_STEP,
      splits: null,
      seed: 7,
    };
    const image = { id: "img", boxes: [{ label: "a", x: 10, y: 10, width: 40, height: 20 }] };
    const outputs = planOutputs({ id: "img", split: "train", contentType: "image/jpeg" }, settings);
    const collect = async (asked: typeof outputs) => {
      const found = new Map<number, unknown>();
      for await (const { output, bytes, boxes } of renderOutputs(source, image, asked, settings))
        found.set(output.output, { hash: sha256(bytes), boxes });
      return found;
    };
    const [forward, backward, ...alone] = await Promise.all([
      collect(outputs),
      collect(outputs.toReversed()),
      ...outputs.map((output) => collect([output])),
    ]);
    expect(forward.size).toBe(12);
    expect(backward).toEqual(forward);
    expect(new Map(alone.flatMap((one) => [...one]))).toEqual(forward);
  });

  it("leaves what a step does as it was when another is added", async () => {
    const source = await photo(60, 40);
    const boxes = [{ label: "a", x: 20, y: 10, width: 10, height: 10 }];
    const places = async (augmentation: Augmentation) =>
      (await renderAll(source, { augmentation: { image: { versions: 8 }, ...augmentation }, boxes })).map(
        (output) => output.boxes,
      );
    const moved = await places({ flip: { horizontal: true }, rotate: { degrees: 10 } });
    expect(
      await places({
        flip: { horizontal: true },
        rotate: { degrees: 10 },
        blur: { pixels: 1 },
        hue: { degrees: 10 },
        cutout: { count: 4, percent: 5 },
        noise: { percent: 1 },
      }),
    ).toEqual(moved);
  });

  it("does not depend on the seed without augmentation, and keeps nothing of the source's metadata", async () => {
    const source = await solid(20, 10)
      .withExif({ IFD0: { Copyright: "somebody" } })
      .jpeg()
      .toBuffer();
    for (const contentType of ["image/jpeg", "image/png"]) {
      const { bytes } = await render(source, { seed: 1, contentType });
      expect(bytes).toEqual((await render(source, { seed: 2, contentType })).bytes);
      expect(bytes.includes("somebody")).toBe(false);
      expect(await sharp(bytes).metadata()).not.toHaveProperty("exif");
    }
  });
});

describe("the file", () => {
  it("is a JPEG in full colour resolution where its path says so, and a PNG otherwise", async () => {
    const source = await photo(64, 48);
    const jpeg = await render(source, { contentType: "image/jpeg" });
    expect(jpeg.output.path).toBe("train/img-0.jpg");
    expect(await sharp(jpeg.bytes).metadata()).toMatchObject({
      format: "jpeg",
      chromaSubsampling: "4:4:4",
      width: 64,
      height: 48,
      space: "srgb",
    });
    const png = await render(source);
    expect(png.output.path).toBe("train/img-0.png");
    expect(await sharp(png.bytes).metadata()).toMatchObject({ format: "png", width: 64, height: 48, bitsPerSample: 8 });
    // quality 90: close to the pixels that went in
    const [lossy, exact] = [await pixelsOf(jpeg.bytes), await pixelsOf(png.bytes)];
    const difference =
      lossy.data.reduce((sum, value, index) => sum + Math.abs(value - exact.data[index]!), 0) / lossy.data.length;
    expect(difference).toBeLessThan(4);
  });

  it("of a photograph with a smaller size has that size exactly", async () => {
    const source = await photo(401, 299);
    for (const side of [200, 100, 50, 37, 7]) {
      const image = await render(source, {
        preprocessing: { resize: { width: side, height: side, format: "Stretch to" } },
        contentType: "image/jpeg",
      });
      expect(await sharp(image.bytes).metadata()).toMatchObject({ width: side, height: side });
    }
  });
});

describe("bytes that are no usable image", () => {
  it("end the rendering with a sentence", async () => {
    const whole = await photo(64, 64);
    await expect(render(whole.subarray(0, whole.length / 2))).rejects.toThrow(
      /^The file is cut short: about \d\d % of the image is missing\./,
    );
    await expect(
      render(whole.subarray(0, whole.length / 2), { preprocessing: { tile: { rows: 2, columns: 2 } } }),
    ).rejects.toBeInstanceOf(ImageDecodeError);
    await expect(render(Buffer.from("hello"))).rejects.toBeInstanceOf(ImageDecodeError);
  });
});
