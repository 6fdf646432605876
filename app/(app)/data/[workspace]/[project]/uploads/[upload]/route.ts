import { DomainError } from "@/lib/domain/errors";
import { parseInput } from "@/lib/doors/action";
import { imageFacts } from "@/lib/doors/images/browser";
import { toProjectRef } from "@/lib/doors/refs";
import { readJson } from "@/lib/doors/request-body";
import { sessionRoute } from "@/lib/doors/session-route";
import { completeStoreUpload } from "@/lib/work/uploads/store";

const UPLOAD_ID = /^[0-9a-f-]{36}$/;

/** The file was put where it was to be: takes it from there. */
export const POST = sessionRoute<{ workspace: string; project: string; upload: string }>(
  "/data/:workspace/:project/uploads/:upload",
  async ({ ctx, request, params }) => {
    if (!UPLOAD_ID.test(params.upload)) throw new DomainError("not_found", "There is no such upload.");
    return Response.json(
      await completeStoreUpload(
        ctx,
        toProjectRef(params),
        params.upload,
        parseInput(imageFacts, await readJson(request)),
      ),
    );
  },
);
