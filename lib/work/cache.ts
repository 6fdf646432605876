export interface Loaded<Value> {
  value: Value;
  sizeBytes: number;
}

/**
 * Keeps what was loaded last, by id, together no larger than `bytesMax`: the longest unused goes first. Whoever asks while
 * something is being loaded waits for that one load. A failed load is not kept: the next call tries again. With
 * `keepLast` the last one used stays even when it alone is larger.
 */
export function createCache<Value>(
  bytesMax: number,
  { keepLast = false }: { keepLast?: boolean } = {},
): (id: string, load: () => Promise<Loaded<Value>>) => Promise<Value> {
  const kept = new Map<string, { loading: Promise<Loaded<Value>>; sizeBytes: number | null }>(); // the longest unused first
  let bytes = 0;

  function makeRoom(): void {
    for (const [id, { sizeBytes }] of kept) {
      if (bytes <= bytesMax || (keepLast && kept.size <= 1)) return;
      if (sizeBytes === null) continue; // still being loaded
      kept.delete(id);
      bytes -= sizeBytes;
    }
  }

  return async (id, load) => {
    const found = kept.get(id);
    if (found) {
      kept.delete(id);
      kept.set(id, found);
      return (await found.loading).value;
    }
    const entry: { loading: Promise<Loaded<Value>>; sizeBytes: number | null } = { loading: load(), sizeBytes: null };
    kept.set(id, entry);
    try {
      const { value, sizeBytes } = await entry.loading;
      entry.sizeBytes = sizeBytes;
      bytes += sizeBytes;
      makeRoom();
      return value;
    } catch (error) {
      kept.delete(id);
      throw error;
    }
  };
}
