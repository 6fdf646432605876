import { makeMissingRoots } from "@/lib/domain/grants";
import { disconnect } from "@/lib/platform/db";
import { migrateJobQueue } from "@/lib/platform/job-queue";

// After `prisma migrate deploy`: the job queue's own tables and our queues, and the folders that items have since grants.
await migrateJobQueue();
await makeMissingRoots();
await disconnect();
