import { GrantLost, openWriter } from "@/lib/domain/writer";
import { takeThumbnailsGrant } from "@/lib/domain/versions";

// A process that publishes files under a version until it loses its grant: `endless-writer.ts <versionId> <leaseMs>`.
// Says "writing" once it has published one, and "lost" when it stopped.
const [versionId, leaseMs] = process.argv.slice(2);
const lease = Number(leaseMs);
const writer = await openWriter(await takeThumbnailsGrant(versionId!, lease), { leaseMs: lease });
try {
  for (let i = 0; ; i++) {
    await writer.put(`images/train/late-${i}.png`, Buffer.alloc(200_000, i % 256));
    if (i === 0) console.log("writing");
  }
} catch (error) {
  if (!(error instanceof GrantLost)) throw error;
  console.log("lost");
  process.exit(0);
}
