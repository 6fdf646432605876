import { cron, purgeAndErase } from "@/lib/edge/cron";
import { operations } from "@/lib/edge/operations";
import { resource } from "@/lib/edge/route";

export const maxDuration = 60;

// Vercel's scheduler calls with GET. No HEAD: this GET changes something.
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource(
  { GET: cron(operations.purgeExpiredByGet, purgeAndErase), POST: cron(operations.purgeExpired, purgeAndErase) },
  { head: false },
);
