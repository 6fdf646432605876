import type { z } from "zod";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { restoreImages, restoreItem } from "@/lib/domain/trash";
import { presentRestored } from "@/lib/doors/trash/presenters";
import { versionParams } from "@/lib/doors/fields";
import { type restoreAnswer, type restoreBody } from "@/lib/doors/trash/schemas";

type Item = z.output<typeof restoreBody>;

/**
 * Restores the item that the body names.
 * A version's id is its number, as a string or a number, and stands under its project's opaque id.
 */
export async function restoreNamed(
  ctx: Context,
  workspaceSlug: string,
  item: Item,
): Promise<z.input<typeof restoreAnswer>> {
  switch (item.type) {
    case "project":
      return presentRestored(
        { restored: true, type: "project", id: item.id },
        await restoreItem(ctx, { workspaceSlug, item: { type: "PROJECT", projectId: item.id } }),
      );
    case "version": {
      const id = String(item.id);
      const ref = { type: "VERSION", projectId: item.parentId, number: parseVersionNumber(id) } as const;
      return presentRestored(
        { restored: true, type: "version", id, parentId: item.parentId },
        await restoreItem(ctx, { workspaceSlug, item: ref }),
      );
    }
    case "training":
      return presentRestored(
        { restored: true, type: "training", id: item.id },
        await restoreItem(ctx, { workspaceSlug, item: { type: "TRAINING", trainingId: item.id } }),
      );
    case "images": {
      const { id, images: imageIds } = item;
      const result = await restoreImages(ctx, { workspaceSlug, removalId: id, imageIds });
      const { images, left } = result;
      return presentRestored({ restored: true, type: "images", id, images, left }, result);
    }
    case "workflow":
      throw new DomainError("not_found", "There are no workflows here, so there is none in Trash.");
  }
}

function parseVersionNumber(id: string): number {
  const parsed = versionParams.shape.version.safeParse(id);
  if (!parsed.success)
    throw new DomainError(
      "not_found",
      "There is no such version in Trash. Give its number, as the Trash listing shows it.",
    );
  return parsed.data;
}
