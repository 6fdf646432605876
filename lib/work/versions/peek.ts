import type { SplitName } from "@/lib/domain/splits";
import { readOrigin, tellsOrigin, type DatasetOrigin } from "@/lib/engine/imports/origin";
import { sortFiles } from "@/lib/work/uploads/intake";
import { readFolders } from "@/lib/work/uploads/placing";

/** What somebody is shown of a zip before it is sent to be imported. */
export interface DatasetPeek {
  images: Record<SplitName, number>;
  origin: DatasetOrigin;
}

/**
 * Looks into a zip where it is, in a browser; the worker looks again, at the images too. null: it is none, or a broken one. `limits`
 * as the server has them.
 */
export async function peekInto(
  zip: File,
  limits: { imageBytes: number; annotationBytes: number },
): Promise<DatasetPeek | null> {
  const path = "zip.zip"; // whatever it is called
  const intake = await sortFiles([{ path, sizeBytes: zip.size, open: async () => zip }], limits);
  if (intake.refused.some((one) => one.path === path)) return null;
  const images = { train: 0, valid: 0, test: 0 };
  for (const file of intake.images) images[readFolders(file.path).split ?? "train"] += 1;
  const texts: { name: string; text: string }[] = [];
  for (const file of intake.annotations.filter((one) => tellsOrigin(one.path))) {
    const blob = await file.open().catch(() => null);
    if (blob) texts.push({ name: file.path, text: await blob.text() });
  }
  return { images, origin: readOrigin(texts) };
}
