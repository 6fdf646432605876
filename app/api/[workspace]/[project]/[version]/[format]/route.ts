import { requestExport } from "@/lib/domain/exports";
import { linkTo } from "@/lib/doors/exports/download";
import { Accepted } from "@/lib/doors/operation";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";

// No HEAD: this GET has the download made.
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource(
  {
    GET: route(operations.exportVersion, async ({ ctx, params }) => {
      const asked = await requestExport(ctx, {
        workspaceSlug: params.workspace,
        projectSlug: params.project,
        number: params.version,
        format: params.format,
      });
      return asked.status === "READY"
        ? { export: { link: linkTo(ctx, "zip", asked.id) } }
        : new Accepted({ progress: asked.progress });
    }),
  },
  { head: false },
);
