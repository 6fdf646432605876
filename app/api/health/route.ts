import { checkHealth } from "@/lib/doors/health";
import { operations } from "@/lib/doors/operations";
import { publicRoute, resource } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: publicRoute(operations.getHealth, checkHealth),
});
