import type { z } from "zod";
import type { WorkspaceView } from "@/lib/domain/projects";
import { presentProject } from "@/lib/doors/projects/presenters";
import type * as schemas from "./schemas";

export function presentWorkspace(workspace: WorkspaceView): z.input<typeof schemas.workspaceAnswer> {
  return {
    workspace: {
      name: workspace.name,
      url: workspace.slug,
      members: workspace.members,
      projects: workspace.projects.map(presentProject),
    },
  };
}
