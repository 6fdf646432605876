import { operations } from "@/lib/doors/operations";
import { resource } from "@/lib/doors/route";
import { zipRoute } from "@/lib/doors/tasks/zip-link";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({ PUT: zipRoute(operations.sendZip) });
