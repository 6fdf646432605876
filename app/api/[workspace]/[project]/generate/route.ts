import { operations } from "@/lib/doors/operations";
import { presentGenerating } from "@/lib/doors/versions/presenters";
import { resource, route } from "@/lib/doors/route";
import { generateVersion } from "@/lib/work/versions/plan";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.generateVersion, async ({ ctx, params, body: { versionName, ...settings } }) =>
    presentGenerating(
      await generateVersion(
        ctx,
        { workspaceSlug: params.workspace, projectSlug: params.project },
        { ...settings, name: versionName },
      ),
    ),
  ),
});
