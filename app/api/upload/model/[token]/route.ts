import { modelLinkRoute } from "@/lib/doors/models/upload-link";
import { operations } from "@/lib/doors/operations";
import { resource } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({ PUT: modelLinkRoute(operations.sendModel) });
