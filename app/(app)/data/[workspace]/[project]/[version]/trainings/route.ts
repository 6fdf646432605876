import { DomainError } from "@/lib/domain/errors";
import { getVersion } from "@/lib/domain/versions";
import { toVersionRef } from "@/lib/doors/refs";
import { sessionRoute } from "@/lib/doors/session-route";

/**
 * The trainings of a version, and how far each is; null once it, or its project, is in Trash or purged: a page that asks
 * each second will sooner or later ask that, and it is no error.
 */
export const GET = sessionRoute<{ workspace: string; project: string; version: string }>(
  "/data/:workspace/:project/:version/trainings",
  async ({ ctx, params }) => {
    try {
      const { trainings } = await getVersion(ctx, toVersionRef(params));
      return Response.json({ trainings });
    } catch (error) {
      if (
        error instanceof DomainError &&
        (error.code === "in_trash" || error.code === "project_in_trash" || error.code === "purged")
      )
        return Response.json({ trainings: null });
      throw error;
    }
  },
);
