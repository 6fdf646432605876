import { cache } from "react";
import { getVersionsPage } from "@/lib/domain/versions/page";
import { toProjectRef, toVersionRef } from "@/lib/edge/browser-refs";
import { pageOr } from "@/lib/edge/page";

/** The one read of the Versions page, also for its title: a purged project or version is answered, to show its receipt. */
export const readVersions = cache((workspace: string, project: string, version: string | null) =>
  pageOr(["purged"], (ctx) => getVersionsPage(ctx, version === null ? toProjectRef({ workspace, project }) : toVersionRef({ workspace, project, version }))),
);
