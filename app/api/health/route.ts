import { checkHealth } from "@/lib/edge/health";
import { operations } from "@/lib/edge/operations";
import { publicRoute, resource } from "@/lib/edge/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({ GET: publicRoute(operations.getHealth, checkHealth) });
