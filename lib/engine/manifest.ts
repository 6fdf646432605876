import { createHash } from "node:crypto";
import { z } from "zod";
import { boxSchema } from "@/lib/engine/boxes";
import { augmentationSchema, preprocessingSchema, splitsSchema } from "@/lib/engine/settings";
import { SPLITS } from "@/lib/engine/splits";

/** The hash of a file as the manifest, and a version's row, name it. */
export const sha256Of = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** Where the manifest of a hash lies, relative to the version's prefix: no other can take its place. */
export const manifestPath = (sha256: string): string => `manifests/${sha256}.json`;

/** Where it lies in versions that were made before each had a place of its own. */
export const FIRST_MANIFEST_PATH = "manifest.json";

const fileSchema = z.strictObject({
  /** relative to the version's prefix */
  path: z
    .string()
    .max(400)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/),
  /** what the source's file was called when it was uploaded; of an imported image, what it is called itself */
  name: z.string().min(1).max(1000),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.int().min(1),
  width: z.int().min(1),
  height: z.int().min(1),
  split: z.enum(SPLITS),
  label: z.string().nullable(),
  /** in this file's pixels; [] for none */
  boxes: z.array(boxSchema),
  /** null: it was imported with its version, and made of no image of the project */
  sourceImageId: z.string().min(1).nullable(),
  output: z.int().min(0),
});

/** What a version is made of: its settings, its seed, and every file with its hash. The manifest does not list itself. */
const manifestSchema = z
  .strictObject({
    format: z.literal(1),
    type: z.enum(["classification", "object-detection"]),
    seed: z.int().min(0).max(2147483647),
    preprocessing: preprocessingSchema,
    augmentation: augmentationSchema,
    /** null: every image stayed in the split that it had. */
    splits: splitsSchema.nullable(),
    classes: z.array(z.string()),
    files: z.array(fileSchema),
  })
  .superRefine(({ classes, files }, context) => {
    const known = new Set(classes);
    if (known.size !== classes.length)
      context.addIssue({ code: "custom", path: ["classes"], message: "A class is listed twice." });
    const paths = new Set([FIRST_MANIFEST_PATH]);
    files.forEach(({ path, label, boxes, width, height }, index) => {
      if (paths.has(path))
        context.addIssue({
          code: "custom",
          path: ["files", index, "path"],
          message: "A path is listed twice or is the manifest's own.",
        });
      paths.add(path);
      if (label !== null && !known.has(label))
        context.addIssue({
          code: "custom",
          path: ["files", index, "label"],
          message: "The label is not among the classes.",
        });
      boxes.forEach((box, place) => {
        const issue = (message: string) =>
          context.addIssue({ code: "custom", path: ["files", index, "boxes", place], message });
        if (!known.has(box.label)) issue("The label is not among the classes.");
        if (box.x + box.width > width || box.y + box.height > height) issue("The box reaches out of its image.");
      });
    });
  });

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestFile = Manifest["files"][number];

/** The bytes are no manifest; the message is a sentence that says what is wrong with them. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

/**
 * The manifest's one canonical form and that form's sha256: JSON with sorted keys and no spaces, files sorted by split,
 * source image and output (imported ones by name), a newline at the end. Equal manifests give equal bytes in whatever order their files were made, so the hash alone
 * tells whether a version is what it was. Throws ManifestError for a manifest that could not be read back.
 */
export function encodeManifest(manifest: Manifest): { bytes: Buffer; sha256: string } {
  const checked = check(manifest);
  const placed = checked.files.map((file) => ({
    file,
    place: `${file.split}/${file.sourceImageId === null ? file.name : `${file.sourceImageId}-${file.output}`} ${file.path}`,
  }));
  placed.sort((a, b) => (a.place < b.place ? -1 : 1));
  const files = placed.map(({ file }) => file);
  const bytes = Buffer.from(`${JSON.stringify(sortKeys({ ...checked, files }))}\n`);
  return { bytes, sha256: sha256Of(bytes) };
}

/** The manifest that the bytes hold, checked whole. Throws ManifestError. */
export function parseManifest(bytes: Uint8Array): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ManifestError("The manifest is not JSON.", { cause: error });
  }
  return check(value);
}

function check(value: unknown): Manifest {
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new ManifestError(
    `The manifest is not valid at "${issue?.path.join(".") ?? ""}": ${issue?.message ?? "unknown"}`,
    { cause: result.error },
  );
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
