import { leaseTraining } from "@/lib/domain/trainings/runs";
import { operations } from "@/lib/edge/operations";
import { resource, route } from "@/lib/edge/route";
import { presentLease } from "@/lib/edge/training-presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.leaseTraining, async ({ ctx, params }) => presentLease(params.workspace, await leaseTraining(ctx, params.workspace))),
});
