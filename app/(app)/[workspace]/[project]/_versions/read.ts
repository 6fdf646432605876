import { cache } from "react";
import { getVersionsPage } from "@/lib/domain/versions";
import { toProjectRef, toVersionRef } from "@/lib/doors/refs";
import { pageOr } from "@/lib/doors/page";

/** The one read of the Versions page, also for its title: a purged project or version is answered, to show its receipt. */
export const readVersions = cache((workspace: string, project: string, version: string | null) =>
  pageOr(["purged"], (ctx) =>
    getVersionsPage(
      ctx,
      version === null ? toProjectRef({ workspace, project }) : toVersionRef({ workspace, project, version }),
    ),
  ),
);
