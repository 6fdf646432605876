import type { WriteGrant } from "@/lib/platform/blob-store";
import { openWriter, type Writer } from "@/lib/domain/writer";
import { tidyUp } from "@/lib/work/sweep";

interface Kept {
  writer: Promise<Writer>;
  users: number;
  /** Something went wrong, and may have left a file. */
  untidy: boolean;
  closing: NodeJS.Timeout | undefined;
}

/** One writer for each of the items that this process writes to. */
export interface KeptWriters {
  /** Runs with the item's writer, whose grant `take` takes where there is none. Failures are thrown; the next use has another. */
  use<T>(itemId: string, take: () => Promise<WriteGrant>, run: (writer: Writer) => Promise<T>): Promise<T>;
}

/**
 * Keeps the writers of items that are written to now and then, so that a page of thumbnails, or a hundred images that are
 * sent, take one grant for each item and process, not one for each file. A writer is closed once it was not used for half
 * of its lease, because a purge has to wait for its grant with the proof.
 */
export function createKeptWriters({ leaseMs }: { leaseMs: number }): KeptWriters {
  const kept = new Map<string, Kept>();

  function keep(itemId: string, take: () => Promise<WriteGrant>): Kept {
    const writer = take().then((grant) => openWriter(grant, { leaseMs }));
    const one: Kept = { writer, users: 0, untidy: false, closing: undefined };
    kept.set(itemId, one);
    writer.catch(() => drop(itemId, one));
    return one;
  }

  function drop(itemId: string, one: Kept): void {
    if (kept.get(itemId) === one) kept.delete(itemId);
  }

  async function close(itemId: string, one: Kept): Promise<void> {
    drop(itemId, one);
    const writer = await one.writer.catch(() => null);
    if (!writer) return;
    if (one.untidy) await tidyUp(writer.grant);
    else await writer.close().catch(() => {}); // the grant runs out, and the sweep finds nothing
  }

  return {
    async use(itemId, take, run) {
      const one = kept.get(itemId) ?? keep(itemId, take);
      clearTimeout(one.closing);
      one.users += 1;
      try {
        return await run(await one.writer);
      } catch (error) {
        one.untidy = true;
        drop(itemId, one);
        throw error;
      } finally {
        one.users -= 1;
        if (one.users === 0)
          one.closing = setTimeout(() => void close(itemId, one), one.untidy ? 0 : leaseMs / 2).unref();
      }
    },
  };
}
