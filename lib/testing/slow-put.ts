import { once } from "node:events";
import { Readable } from "node:stream";
import { createBlobStore } from "@/lib/platform/blob-store";

// A process that puts one file of 2 MB, of which it has the first half only until a line comes in:
// `slow-put.ts <store's URL> <key> <grant as JSON>`. Says "half" with the first half handed over, "published", or how it failed.
const [url, key, json] = process.argv.slice(2);
const half = Buffer.alloc(1024 * 1024, "a");
const body = Readable.from(
  (async function* () {
    yield half;
    console.log("half");
    await once(process.stdin, "data");
    yield half;
  })(),
  { objectMode: false },
);
const { from, until, ...grant } = JSON.parse(json!);
try {
  await createBlobStore(url!).put(key!, body, { ...grant, from: new Date(from), until: new Date(until) });
  console.log("published");
} catch (error) {
  console.log(`failed: ${(error as NodeJS.ErrnoException).code}`);
}
process.exit(0);
