import type { Context } from "@/lib/domain/context";
import { restoreImages } from "./images";
import type { Restored } from "./outcome";
import { restoreProject } from "./project";
import { restoreTraining } from "./training";
import { restoreVersion } from "./version";

/** An item in Trash, as people and programs name it there. */
export type TrashedRef =
  | { type: "PROJECT"; projectId: string }
  | { type: "VERSION"; projectId: string; number: number }
  | { type: "TRAINING"; trainingId: string }
  | { type: "IMAGES"; removalId: string };

/**
 * Gives an item back: the one way out of Trash, for Undo, a row, many at once, REST and the SDK. What it guarantees, and
 * throws, stands with restoreProject, restoreVersion, restoreTraining and restoreImages.
 */
export async function restoreItem(
  ctx: Context,
  { workspaceSlug, item }: { workspaceSlug: string; item: TrashedRef },
): Promise<Restored> {
  switch (item.type) {
    case "PROJECT":
      return restoreProject(ctx, { workspaceSlug, projectId: item.projectId });
    case "VERSION":
      return restoreVersion(ctx, { workspaceSlug, projectId: item.projectId, number: item.number });
    case "TRAINING":
      return restoreTraining(ctx, { workspaceSlug, trainingId: item.trainingId });
    case "IMAGES":
      return restoreImages(ctx, { workspaceSlug, removalId: item.removalId });
  }
}
