import type { ExportEntry, ExportFormat } from "@/lib/engine/export/layout";
import { planExport } from "@/lib/engine/export/layout";
import type { Manifest, ManifestFile } from "@/lib/engine/manifest";

/* What a version's download would hold, without a version. */

export const EXPORT_INFO = {
  workspace: "acme",
  project: "hats",
  projectName: "Hard Hats",
  annotation: "workers",
  version: 3,
  createdAt: new Date("2026-01-02T03:04:05.678Z"),
};

/** Of the sources of `manifestOf`, all but the last digit. */
export const SOURCE_ID = "0190a0b0-0000-7000-8000-00000000000";

/** A manifest of files that are 100 × 50 training images unless they say otherwise. */
export function manifestOf(
  type: Manifest["type"],
  files: Partial<ManifestFile>[],
  classes = ["head", "helmet"],
): Manifest {
  return {
    format: 1,
    type,
    seed: 1,
    preprocessing: {},
    augmentation: {},
    splits: null,
    classes,
    files: files.map((file, index) => {
      const whole = {
        name: "a.jpg",
        sha256: "0".repeat(64),
        sizeBytes: 10,
        width: 100,
        height: 50,
        split: "train" as const,
        label: null,
        boxes: [],
        sourceImageId: `${SOURCE_ID}${index}`,
        output: 0,
        ...file,
      };
      return { path: `images/${whole.split}/${whole.sourceImageId}-${whole.output}.jpg`, ...whole };
    }),
  };
}

export const detection = (files: Partial<ManifestFile>[], classes?: string[]): Manifest =>
  manifestOf("object-detection", files, classes);

export const plan = (format: ExportFormat, manifest: Manifest, info = EXPORT_INFO): ExportEntry[] => [
  ...planExport(format, manifest, info),
];

export const paths = (entries: readonly ExportEntry[]): string[] => entries.map(({ path }) => path);

export const textOf = (entry: ExportEntry | undefined): string =>
  entry && "text" in entry ? [...entry.text].join("") : "";

export const textAt = (entries: readonly ExportEntry[], path: string): string =>
  textOf(entries.find((entry) => entry.path === path));

/** A training image with one box, and an image of valid without. */
export const HATS = [
  { name: "site/Photo 1.JPG", boxes: [{ label: "helmet", x: 10, y: 5, width: 20, height: 10.5 }] },
  { name: "b.png", split: "valid" as const, path: "images/valid/b-0.png" },
];
