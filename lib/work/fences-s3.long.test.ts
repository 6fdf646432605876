import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import { blobStore } from "@/lib/platform/blob-store";
import { describeFences } from "@/lib/testing/fence-rounds";
import { startS3 } from "@/lib/testing/s3";

/* The same on a store over HTTP, which looks at signatures and at their end. */

const folder = mkdtempSync(path.join(tmpdir(), "fences-"));
let ahead = 0;
let s3: Awaited<ReturnType<typeof startS3>>;
beforeAll(async () => {
  s3 = await startS3(path.join(folder, "s3"), { now: () => Date.now() + ahead });
  const [id, secret] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  Object.assign(process.env, { BLOB_STORE: s3.url("bucket/fenced"), [id]: "S3RVER", [secret]: "S3RVER" });
});
afterAll(async () => {
  await s3.close();
  rmSync(folder, { recursive: true });
});

describeFences({
  async left(prefix) {
    const keys: string[] = [];
    for await (const { key } of blobStore().list(prefix)) keys.push(key);
    return keys;
  },
  goAhead: (ms) => (ahead = ms),
  kinds: ["http PUT"],
  askingStepsEach: Infinity,
  roundsAtOnce: 1, // they have one clock
});
