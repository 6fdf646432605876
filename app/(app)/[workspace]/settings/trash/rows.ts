import type { ListedItem } from "@/lib/domain/trash";

/** An item as the browser must know it to act on it. */
export interface Row extends Pick<
  ListedItem,
  "type" | "id" | "name" | "deletedAt" | "projectId" | "versionId" | "number" | "blockedBy" | "loss"
> {
  /** How people call it: "digits v3". */
  label: string;
  projectName: string;
}

/** What a purge of these would lose in all: what lies in a project or version that goes too is not counted twice. */
export function sumLosses(rows: readonly Row[]): Row["loss"] {
  const ids = new Set(rows.map((row) => row.id));
  const total = { images: 0, files: 0, bytes: 0, versions: 0, trainings: 0, models: 0 };
  for (const { type, projectId, versionId, loss } of rows) {
    if (type !== "PROJECT" && ids.has(projectId)) continue;
    if (type === "TRAINING" && versionId !== null && ids.has(versionId)) continue;
    total.images += loss.images;
    total.files += loss.files;
    total.bytes += loss.bytes;
    total.versions += loss.versions;
    total.trainings += loss.trainings;
    total.models += loss.models;
  }
  return total;
}
