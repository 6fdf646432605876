import { readServer } from "./server-note";

/** When every journey is over, rows and files must be whole together, as after each file of domain tests. */
export default async function teardown(): Promise<void> {
  const { databaseUrl, dataDir } = readServer();
  const { findBroken } = await import("@/lib/testing/quiet-and-whole");
  const { disconnect } = await import("@/lib/platform/db");
  const broken = await findBroken(databaseUrl, `file://${dataDir}/blobs`);
  await disconnect();
  if (broken.length > 0) throw new Error(`Not quiet and whole:\n${broken.slice(0, 30).join("\n")}`);
}
