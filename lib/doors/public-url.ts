import { env } from "@/lib/platform/env";

/** The origin of every absolute link, as the server is configured; never what a browser says of itself. */
export const publicUrl = (): string => env().publicUrl;

/** Where programs find the REST API: what they set API_URL to. */
export const apiUrl = (): string => `${publicUrl()}/api`;
