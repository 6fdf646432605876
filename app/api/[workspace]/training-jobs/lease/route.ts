import { leaseTraining } from "@/lib/domain/trainings";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentLease } from "@/lib/doors/trainings/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.leaseTraining, async ({ ctx, params }) =>
    presentLease(params.workspace, await leaseTraining(ctx, params.workspace)),
  ),
});
