import { operations } from "@/lib/doors/operations";
import { resource } from "@/lib/doors/route";
import { searchExportRoute } from "@/lib/doors/search/export-link";

// No HEAD: its length is not known before it is made.
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource(
  { GET: searchExportRoute(operations.followSearchLink) },
  { head: false },
);
