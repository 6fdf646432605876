import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encodeManifest, ManifestError, parseManifest, type Manifest, type ManifestFile } from "@/lib/engine/manifest";

function file(path: string, label: string | null = "7"): ManifestFile {
  return {
    path,
    name: "seven.png",
    sha256: "ab".repeat(32),
    sizeBytes: 10,
    width: 28,
    height: 28,
    split: "train",
    label,
    boxes: [],
    sourceImageId: "img",
    output: 0,
  };
}

const manifest: Manifest = {
  format: 1,
  type: "object-detection",
  seed: 42,
  preprocessing: { resize: { width: 28, height: 28, format: "Stretch to" }, grayscale: true },
  augmentation: { image: { versions: 2 }, noise: { percent: 3 } },
  splits: { train: 70, valid: 20, test: 10 },
  classes: ["7", "1"],
  files: [
    file("images/train/b-0.png"),
    file("images/train/a-0.png"),
    { ...file("images/train/a-10.png", null), boxes: [{ label: "1", x: 0, y: 2.5, width: 28, height: 25.5 }] },
  ],
};

describe("the manifest", () => {
  it("is read back as it was, sorted by path", () => {
    const { bytes } = encodeManifest(manifest);
    expect(parseManifest(bytes)).toEqual({
      ...manifest,
      files: [manifest.files[1], manifest.files[2], manifest.files[0]],
    });
  });

  it("has one form: the order of files and of keys does not change its bytes or hash", () => {
    const shuffled = JSON.parse(JSON.stringify({ ...manifest, files: manifest.files.toReversed() }));
    const turned = Object.fromEntries(Object.entries(shuffled).reverse()) as unknown as Manifest;
    expect(encodeManifest(turned)).toEqual(encodeManifest(manifest));
    const { bytes, sha256 } = encodeManifest(manifest);
    expect(encodeManifest(parseManifest(bytes)).bytes).toEqual(bytes);
    expect(sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(bytes.toString().endsWith("}\n")).toBe(true);
    expect(Object.keys(JSON.parse(bytes.toString()))).toEqual([
      "augmentation",
      "classes",
      "files",
      "format",
      "preprocessing",
      "seed",
      "splits",
      "type",
    ]);
  });

  it("changes its hash with any change of a version", () => {
    const others: Manifest[] = [
      { ...manifest, seed: 43 },
      { ...manifest, classes: ["1", "7"] },
      { ...manifest, augmentation: { ...manifest.augmentation, noise: { percent: 4 } } },
      { ...manifest, splits: null },
      { ...manifest, type: "classification" },
      { ...manifest, files: manifest.files.slice(1) },
      {
        ...manifest,
        files: manifest.files.map((entry, index) => (index === 0 ? { ...entry, sha256: "ac".repeat(32) } : entry)),
      },
    ];
    expect(new Set([manifest, ...others].map((one) => encodeManifest(one).sha256)).size).toBe(8);
  });

  it.each<[string, unknown]>([
    ["another format", { ...manifest, format: 2 }],
    ["an unknown key", { ...manifest, extra: 1 }],
    ["a path that climbs", { ...manifest, files: [file("images/../../secret")] }],
    ["an absolute path", { ...manifest, files: [file("/etc/passwd")] }],
    ["a hidden file", { ...manifest, files: [file("images/.tmp-1")] }],
    ["a path twice", { ...manifest, files: [file("a"), file("a")] }],
    ["itself as a file", { ...manifest, files: [file("manifest.json")] }],
    ["a hash in capitals", { ...manifest, files: [{ ...file("a"), sha256: "AB".repeat(32) }] }],
    ["an unknown label", { ...manifest, files: [file("a", "9")] }],
    ["a class twice", { ...manifest, classes: ["7", "7"] }],
    ["an unknown split", { ...manifest, files: [{ ...file("a"), split: "TRAIN" }] }],
    ["no boxes where there are none", { ...manifest, files: [{ ...file("a"), boxes: undefined }] }],
    [
      "a box of an unknown class",
      { ...manifest, files: [{ ...file("a"), boxes: [{ label: "9", x: 0, y: 0, width: 5, height: 5 }] }] },
    ],
    [
      "a box that reaches out",
      { ...manifest, files: [{ ...file("a"), boxes: [{ label: "7", x: 20, y: 0, width: 8.5, height: 5 }] }] },
    ],
    [
      "a box without a size",
      { ...manifest, files: [{ ...file("a"), boxes: [{ label: "7", x: 20, y: 0, width: 0, height: 5 }] }] },
    ],
    ["splits that are not the whole", { ...manifest, splits: { train: 70, valid: 20, test: 20 } }],
    ["null", null],
  ])("is refused with %s", (_what, value) => {
    expect(() => parseManifest(Buffer.from(JSON.stringify(value)))).toThrow(ManifestError);
    expect(() => encodeManifest(value as Manifest)).toThrow(ManifestError);
  });

  it("is refused when the bytes are cut short or are no text", () => {
    const { bytes } = encodeManifest(manifest);
    expect(() => parseManifest(bytes.subarray(0, -2))).toThrow(ManifestError);
    expect(() => parseManifest(Buffer.from([0xff, 0xfe]))).toThrow(ManifestError);
  });
});
