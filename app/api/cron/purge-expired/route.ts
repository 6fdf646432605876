import { cron, purgeAndErase } from "@/lib/doors/cron";
import { operations } from "@/lib/doors/operations";
import { resource } from "@/lib/doors/route";

export const maxDuration = 60;

// Vercel's scheduler calls with GET. No HEAD: this GET changes something.
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource(
  { GET: cron(operations.purgeExpiredByGet, purgeAndErase), POST: cron(operations.purgeExpired, purgeAndErase) },
  { head: false },
);
