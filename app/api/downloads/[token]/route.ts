import { linkRoute } from "@/lib/edge/download";
import { operations } from "@/lib/edge/operations";
import { resource } from "@/lib/edge/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({ GET: linkRoute(operations.downloadExport) });
