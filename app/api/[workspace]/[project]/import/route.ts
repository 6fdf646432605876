import { DomainError } from "@/lib/domain/errors";
import { importUpload } from "@/lib/domain/versions";
import { Accepted } from "@/lib/doors/operation";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentImportBegun } from "@/lib/doors/versions/presenters";
import { sendImport } from "@/lib/work/versions/importer";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.importVersion, async ({ ctx, params, query, request }) => {
    const ref = { workspaceSlug: params.workspace, projectSlug: params.project };
    const { upload, file, created, ...rest } = query;
    const wishes = { ...rest, fileName: file, createdAt: created };
    const announcedBytes = Number(request.headers.get("content-length") ?? 0);
    if (upload !== undefined && (announcedBytes > 0 || request.headers.has("transfer-encoding")))
      throw new DomainError(
        "invalid_request",
        "Send the zip as the body, or name one that was sent before, not both.",
        {
          field: "upload",
        },
      );
    const { taskId } =
      upload === undefined
        ? await sendImport(ctx, ref, wishes, { body: request.body, announcedBytes })
        : await importUpload(ctx, { ...ref, uploadId: upload }, wishes);
    return new Accepted(presentImportBegun(params, taskId));
  }),
});
