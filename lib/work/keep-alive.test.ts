import { expect, test } from "vitest";
import { keepAlive } from "./keep-alive";

/** Answers to one renewal after another; the last one again and again. */
const renewals = (...answers: (boolean | Error)[]) => {
  const asked = { times: 0 };
  return {
    asked,
    renew: async () => {
      const answer = answers[Math.min(asked.times++, answers.length - 1)]!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
};
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));

test("a lease is lost with the first renewal that is refused, and not asked for again", async () => {
  const { asked, renew } = renewals(true, true, false);
  const pulse = keepAlive(renew, { everyMs: 1, leaseMs: 10_000 });
  await aborted(pulse.lost);
  await pulse.stop();
  expect(asked.times).toBe(3);
});

test("a renewal that fails is tried again; only when none has been answered for as long as the lease is it lost", async () => {
  const recovering = renewals(true, new Error("away"), new Error("away"), true, false);
  const pulse = keepAlive(recovering.renew, { everyMs: 1, leaseMs: 10_000 });
  await aborted(pulse.lost);
  expect(recovering.asked.times).toBe(5);

  const gone = renewals(new Error("away"));
  const began = performance.now();
  await aborted(keepAlive(gone.renew, { everyMs: 1, leaseMs: 50 }).lost);
  expect(performance.now() - began).toBeGreaterThanOrEqual(50);
  expect(gone.asked.times).toBeGreaterThan(1);
});

test("stopped, it renews no more, and nothing is lost", async () => {
  const { asked, renew } = renewals(true);
  const pulse = keepAlive(renew, { everyMs: 1, leaseMs: 1 });
  await pulse.stop();
  const { times } = asked;
  await new Promise((resolve) => setImmediate(resolve));
  expect([asked.times, pulse.lost.aborted]).toEqual([times, false]);
});
