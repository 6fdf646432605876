import { migrateJobQueue } from "@/lib/platform/job-queue";

// After `prisma migrate deploy`: the job queue's own tables and our queues.
await migrateJobQueue();
