import { systemContext } from "@/lib/domain/context";
import { eraseFiles, purgeExpired, runTrashJobs } from "@/lib/domain/trash";
import { buildExports } from "@/lib/work/exports/builder";
import { generateVersions } from "@/lib/work/versions/generator";
import { importVersions } from "@/lib/work/versions/importer";
import { disconnect } from "@/lib/platform/db";

/*
 * One of our jobs in a process of its own, so that a test can kill it: `node --import tsx lib/testing/run-job.ts
 * purge-expired|run-trash-jobs|erase-files|generate-versions|import-versions|build-exports [instant]`, with the environment of the test.
 */
const [job, instant] = process.argv.slice(2);
const signal = new AbortController().signal;
const ctx = await systemContext(job!, instant ? { now: new Date(instant) } : {});
const jobs = {
  "purge-expired": purgeExpired,
  "run-trash-jobs": runTrashJobs,
  "erase-files": eraseFiles,
  "generate-versions": generateVersions,
  "import-versions": importVersions,
  "build-exports": buildExports,
};
await jobs[job as keyof typeof jobs](ctx, signal);
await disconnect();
