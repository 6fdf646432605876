import { DomainError } from "@/lib/domain/errors";

/**
 * Lets at most `size` of the works through it run at once; the others wait in the order in which they came, at most
 * `waitingMax` of them: one more throws `busy`.
 */
export function createGate(size: number, waitingMax: number = Infinity): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = size;
  return async (work) => {
    if (free > 0) free -= 1;
    else if (waiting.length >= waitingMax)
      throw new DomainError("busy", "Too many calls wait already. Try again in a few seconds.");
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
