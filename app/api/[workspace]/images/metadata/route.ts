import { describeImagesAsTask } from "@/lib/domain/tasks";
import { Accepted } from "@/lib/doors/operation";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentBegun, toChange } from "@/lib/doors/tasks/presenters";

// 202 although the task is over already: the client takes nothing else, and asks for the result.
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.describeImages, async ({ ctx, params, body }) => {
    const changes = body.updates.map(({ imageId, ...change }) => toChange(imageId, change));
    const { taskId } = await describeImagesAsTask(ctx, params.workspace, changes);
    return new Accepted(presentBegun(params.workspace, taskId));
  }),
});
