import { prisma } from "@/lib/platform/db";
import type { TrainingStatus, VersionStatus } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { authorize, authorizeSystem } from "@/lib/domain/permissions";

/** Everything a workspace holds, live and in Trash, for the people who run the server. */
export interface Inventory {
  projects: {
    slug: string;
    name: string;
    id: string;
    inTrash: boolean;
    purgeAfter: Date | null;
    versions: {
      number: number;
      name: string;
      id: string;
      status: VersionStatus;
      images: number;
      inTrash: boolean;
      purgeAfter: Date | null;
      trainings: {
        number: number;
        id: string;
        status: TrainingStatus;
        statusReason: string | null;
        inTrash: boolean;
      }[];
    }[];
  }[];
}

/** Lists projects, versions and trainings with their states. For our own jobs; a workspace of any size is read whole. */
export async function getInventory(ctx: Context, workspaceSlug: string): Promise<Inventory> {
  authorizeSystem(ctx);
  const { workspaceId } = authorize(ctx, "read workspace", workspaceSlug);
  const projects = await prisma().project.findMany({
    where: { workspaceId, purgeStartedAt: null },
    orderBy: { createdAt: "asc" },
    include: { versions: { orderBy: { number: "asc" }, include: { trainings: { orderBy: { number: "asc" } } } } },
  });
  return {
    projects: projects.map((p) => ({
      slug: p.slug,
      name: p.name,
      id: p.id,
      inTrash: p.deletedAt !== null,
      purgeAfter: p.purgeAfter,
      versions: p.versions.map((v) => ({
        number: v.number,
        name: v.name,
        id: v.id,
        status: v.status,
        images: v.countedImages,
        inTrash: v.deletedAt !== null,
        purgeAfter: v.purgeAfter,
        trainings: v.trainings.map((t) => ({
          number: t.number,
          id: t.id,
          status: t.status,
          statusReason: t.statusReason,
          inTrash: t.deletedAt !== null,
        })),
      })),
    })),
  };
}
