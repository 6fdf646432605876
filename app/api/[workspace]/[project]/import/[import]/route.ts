import { cancelImport, getImport } from "@/lib/domain/versions";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentImport } from "@/lib/doors/versions/presenters";

interface Path {
  workspace: string;
  project: string;
  import: string;
}
const refOf = ({ workspace, project, import: taskId }: Path) => ({
  workspaceSlug: workspace,
  projectSlug: project,
  taskId,
});

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getImport, async ({ ctx, params }) => presentImport(await getImport(ctx, refOf(params)))),
  DELETE: route(operations.cancelImport, async ({ ctx, params }) => cancelImport(ctx, refOf(params))),
});
