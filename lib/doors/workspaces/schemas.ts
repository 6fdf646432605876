import { z } from "zod";
import { workspaceSummary, project } from "@/lib/doors/projects/schemas";

export const workspaceAnswer = z.strictObject({ workspace: workspaceSummary.extend({ projects: z.array(project) }) });
