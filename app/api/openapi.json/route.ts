import { openApiDocument } from "@/lib/doors/openapi";
import { operations } from "@/lib/doors/operations";
import { publicRoute, resource } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: publicRoute(operations.getOpenApi, async () => openApiDocument()),
});
