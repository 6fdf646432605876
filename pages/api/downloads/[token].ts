import { linkRoute } from "@/lib/doors/exports/download";
import { nodeHandler } from "@/lib/doors/node-handler";
import { operations } from "@/lib/doors/operations";
import { resource } from "@/lib/doors/route";

/*
 * Not under app/: what a route handler there answers loses its Content-Length on the way, and without one the official
 * client cannot take a zip.
 */

export const config = { api: { bodyParser: false, responseLimit: false, externalResolver: true } };

export const methods = resource({ GET: linkRoute(operations.followLink) });

export default nodeHandler(methods);
