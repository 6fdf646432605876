import { headers } from "next/headers";
import { findHiddenItem, type HiddenItem } from "@/lib/domain/versions";
import { DomainError } from "@/lib/domain/errors";
import { toProjectRef, toVersionRef } from "@/lib/doors/refs";
import { currentContext, PATH_HEADER } from "@/lib/doors/session";

/**
 * What waits in Trash at the page that was asked for, or was purged, if that is why it is not there; for not-found.tsx,
 * which Next tells nothing. Never throws.
 */
export async function findHiddenHere(): Promise<(HiddenItem & { workspaceSlug: string; projectSlug: string }) | null> {
  const path = (await headers()).get(PATH_HEADER) ?? "";
  const [, workspace = "", project = "", version = ""] = (path.split("?")[0] ?? "").split("/");
  const ctx = await currentContext();
  if (!ctx) return null;
  try {
    const item = await findHiddenItem(
      ctx,
      /^\d+$/.test(version) ? toVersionRef({ workspace, project, version }) : toProjectRef({ workspace, project }),
    );
    return item && { ...item, workspaceSlug: workspace, projectSlug: project };
  } catch (error) {
    if (error instanceof DomainError) return null;
    throw error;
  }
}
