import { BlobWriter, TextReader, Uint8ArrayReader, ZipWriter, type ZipWriterAddDataOptions } from "@zip.js/zip.js";
import { expect, test } from "vitest";
import { sortFiles, type Intake } from "./intake";
import type { UploadFile } from "./upload-file";
import type { NameEncoding } from "./zip-names";

const LIMITS = { imageBytes: 1_000, annotationBytes: 500 };

const file = (path: string, blob: Blob = new Blob(["x"])): UploadFile => ({
  path,
  sizeBytes: blob.size,
  open: async () => blob,
});

async function makeZip(entries: Record<string, string | Uint8Array>, options?: ZipWriterAddDataOptions): Promise<Blob> {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false, ...options });
  for (const [name, data] of Object.entries(entries))
    await writer.add(name, typeof data === "string" ? new TextReader(data) : new Uint8ArrayReader(data));
  return writer.close();
}

const paths = ({ images, annotations, refused }: Intake) => ({
  images: images.map(({ path }) => path),
  annotations: annotations.map(({ path }) => path),
  refused: refused.map(({ path, reason }) => [path, reason]),
});

test("files are sorted by what they are, those over the limit or of another kind are left out with a reason, hidden ones without", async () => {
  const big = new Blob([new Uint8Array(1_001)]);
  const intake = await sortFiles(
    [
      file("7/a.png"),
      file("b.svg"),
      file("IMG_1.HEIC"),
      file(".DS_Store"),
      file("big.jpg", big),
      file("coco.json"),
      file("big.json", big),
      file("x/../../a.png"),
    ],
    LIMITS,
  );
  expect(paths(intake)).toEqual({
    images: ["7/a.png"],
    annotations: ["coco.json"],
    refused: [
      ["b.svg", "notAnImage"],
      ["IMG_1.HEIC", "heic"],
      ["big.jpg", "tooLarge"],
      ["big.json", "annotationTooLarge"],
      ["x/../../a.png", "unsafeName"],
    ],
  });
});

test("lists of images among the files say splits, in a zip as beside it", async () => {
  const files = { "data/a.png": "-", "data/b.png": "-", "train.txt": "data/a.png\n", "val.txt": "data/b.png\n" };
  const zipped = await sortFiles([file("set.zip", await makeZip(files))], LIMITS);
  const plain = await sortFiles(
    Object.entries(files).map(([path, text]) => file(path, new Blob([text]))),
    LIMITS,
  );
  for (const { images, listed } of [zipped, plain])
    expect(images.map(({ path }) => listed.of(path))).toEqual(["train", "valid"]);
});

test("a zip gives its files with their folders, and their bytes when they are opened", async () => {
  const zip = await makeZip({
    "train/": "",
    "train/7/a.png": "seven",
    "train\\8\\b.png": "eight",
    "__MACOSX/train/7/._a.png": "-",
    ".hidden/c.png": "-",
    "labels.json": "{}",
    "inner.zip": "-",
  });
  const intake = await sortFiles([file("digits.zip", zip)], LIMITS);
  expect(paths(intake)).toEqual({
    images: ["train/7/a.png", "train/8/b.png"],
    annotations: ["labels.json"],
    refused: [["inner.zip", "archive"]],
  });
  expect(await (await intake.images[1]!.open()).text()).toBe("eight");
});

test("names of a zip from a Japanese Windows are read as they were written, unless somebody knows better", async () => {
  // 犬 and 猫 in Shift_JIS
  const bytes: Record<string, number[]> = { dog: [0x8c, 0xa2], cat: [0x94, 0x4c] };
  const zip = await makeZip(
    { "dog/1.png": "-", "cat/1.png": "-", "plain.png": "-" },
    {
      useUnicodeFileNames: false,
      encodeText: (text) => {
        const [word = "", rest] = text.split(/(?=\/)/);
        return new Uint8Array([...(bytes[word] ?? Buffer.from(word)), ...Buffer.from(rest ?? "")]);
      },
    },
  );
  const read = (encoding?: NameEncoding) => sortFiles([file("images.zip", zip)], LIMITS, encoding);
  expect(await read()).toMatchObject({
    encoding: "shift_jis",
    images: [{ path: "犬/1.png" }, { path: "猫/1.png" }, { path: "plain.png" }],
  });
  expect(await read("cp437")).toMatchObject({ encoding: "cp437", images: [{ path: "îó/1.png" }, {}, {}] });
  const unicode = await makeZip({ "犬/1.png": "-" });
  expect(await sortFiles([file("unicode.zip", unicode)], LIMITS, "cp437")).toMatchObject({
    encoding: null,
    images: [{ path: "犬/1.png" }],
  });
});

test("names in a zip that lead elsewhere are left out, the others stay", async () => {
  const long = `${"a".repeat(4_000)}.png`;
  const intake = await sortFiles(
    [
      file(
        "hostile.zip",
        await makeZip({
          "../up.png": "-",
          "a/../../b.png": "-",
          "/etc/passwd.png": "-",
          "C:/x.png": "-",
          "nul\0.png": "-",
          [long]: "-",
          "good.png": "good",
        }),
      ),
    ],
    LIMITS,
  );
  expect(intake.images.map(({ path }) => path)).toEqual(["good.png"]);
  expect(intake.refused.map(({ reason }) => reason)).toEqual(Array.from({ length: 6 }, () => "unsafeName"));
});

/** A zip that says of its one entry that it has so many bytes. */
async function makeLyingZip(realBytes: number, declaredBytes: number): Promise<Blob> {
  const bytes = new Uint8Array(
    await (
      await makeZip({ "a.png": new Uint8Array(realBytes) }, { dataDescriptor: false, extendedTimestamp: false })
    ).arrayBuffer(),
  );
  const view = new DataView(bytes.buffer);
  // The uncompressed size stands in the local header and in the central directory.
  for (let at = 0; at < bytes.length - 46; at++) {
    if (view.getUint32(at, true) === 0x04034b50) view.setUint32(at + 22, declaredBytes, true);
    if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, declaredBytes, true);
  }
  return new Blob([bytes]);
}

test("a zip that promises far more than it can hold is refused before anything is inflated", async () => {
  expect(paths(await sortFiles([file("bomb.zip", await makeLyingZip(1_000, 2_000_000_000))], LIMITS))).toEqual({
    images: [],
    annotations: [],
    refused: [["bomb.zip", "zipBomb"]],
  });
});

test("an entry that grows beyond what it declares is cut off while it is inflated", async () => {
  const { images } = await sortFiles([file("lie.zip", await makeLyingZip(100_000, 500))], LIMITS);
  expect(images).toHaveLength(1);
  await expect(images[0]!.open()).rejects.toThrow();
});

test("what is no zip, and what is encrypted, is left out with a reason", async () => {
  const secret = await makeZip({ "a.png": "-" }, { password: "secret" });
  expect(paths(await sortFiles([file("text.zip"), file("secret.zip", secret)], LIMITS)).refused).toEqual([
    ["text.zip", "brokenZip"],
    ["a.png", "encrypted"],
  ]);
});
