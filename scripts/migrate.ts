import { makeMissingRoots } from "@/lib/domain/grants";
import { measureSourceThumbnails } from "@/lib/domain/images";
import { measureVersionThumbnails } from "@/lib/domain/versions";
import { disconnect } from "@/lib/platform/db";
import { checkEnv } from "@/lib/platform/env";
import { migrateJobQueue } from "@/lib/platform/job-queue";

// After `prisma migrate deploy`: the job queue's own tables and our queues, the folders that items have since grants, and the
// sizes of the thumbnails that builds before kept.
checkEnv();
await migrateJobQueue();
await makeMissingRoots();
await measureSourceThumbnails();
await measureVersionThumbnails();
await disconnect();
