import { versionPrefix } from "@/lib/domain/grants";
import { encodeManifest, manifestPath, type Manifest, type ManifestFile, sha256Of } from "@/lib/engine/manifest";
import { prisma } from "@/lib/platform/db";
import { buildVersion, type World } from "./builders";
import { storeFile } from "./store-file";

export interface StoredFile {
  bytes: Buffer;
  width?: number;
  height?: number;
  split?: ManifestFile["split"];
  extension?: "png" | "jpg";
}

/** An empty manifest for a version that is only its row, so that its pages show no image instead of an error. */
export async function storeNoFiles(...ids: string[]): Promise<void> {
  const { bytes, sha256: manifestHash } = encodeManifest({
    format: 1,
    type: "classification",
    seed: 1,
    preprocessing: {},
    augmentation: {},
    splits: null,
    classes: [],
    files: [],
  });
  for (const id of ids) await storeFile(`${versionPrefix(id)}${manifestPath(manifestHash)}`, bytes);
  await prisma().version.updateMany({ where: { id: { in: ids } }, data: { manifestHash } });
}

/**
 * A ready version whose files are these bytes, whatever they are, with its manifest: for tests that read a version and
 * care nothing for how it was made. Labels and boxes go round the classes "cat" and "dog".
 */
export async function storeVersion(
  world: World,
  project: { id: string },
  files: Iterable<StoredFile>,
  type: Manifest["type"] = "classification",
) {
  const version = await buildVersion(world, project, { images: 0 });
  const prefix = versionPrefix(version.id);
  const listed: ManifestFile[] = [];
  for (const { bytes, width = 64, height = 48, split = "train", extension = "png" } of files) {
    const index = listed.length;
    const label = index % 2 === 0 ? "cat" : "dog";
    const sourceImageId = `source-${index}`;
    const path = `images/${split}/${sourceImageId}-0.${extension}`;
    await storeFile(`${prefix}${path}`, bytes);
    listed.push({
      path,
      name: `photo ${index}.${extension}`,
      sha256: sha256Of(bytes),
      sizeBytes: bytes.length,
      width,
      height,
      split,
      label: type === "classification" ? label : null,
      boxes: type === "classification" ? [] : [{ label, x: 1, y: 2, width: 10, height: 20 }],
      sourceImageId,
      output: 0,
    });
  }
  const manifest = encodeManifest({
    format: 1,
    type,
    seed: 1,
    preprocessing: {},
    augmentation: {},
    splits: null,
    classes: ["cat", "dog"],
    files: listed,
  });
  await storeFile(`${prefix}${manifestPath(manifest.sha256)}`, manifest.bytes);
  const count = (split: ManifestFile["split"]) => listed.filter((file) => file.split === split).length;
  await prisma().workspace.update({
    where: { id: world.workspace.id },
    data: { usedImages: { increment: listed.length } },
  });
  return prisma().version.update({
    where: { id: version.id },
    data: {
      manifestHash: manifest.sha256,
      files: listed.length + 1,
      sizeBytes: listed.reduce((sum, file) => sum + file.sizeBytes, manifest.bytes.length),
      countedImages: listed.length,
      trainImages: count("train"),
      validImages: count("valid"),
      testImages: count("test"),
    },
  });
}
