import { expect, test } from "vitest";
import { createGate } from "./gate";

test("no more run at once than the gate lets through, each gets its turn in order, and a failure keeps nobody", async () => {
  const gate = createGate(2);
  const begun: number[] = [];
  const finish: (() => void)[] = [];
  const works = Array.from({ length: 5 }, (_, i) =>
    gate(async () => {
      begun.push(i);
      await new Promise<void>((resolve) => (finish[i] = resolve));
      if (i === 1) throw new Error("failed");
      return i;
    }),
  );
  const settled = Promise.allSettled(works);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (const expected of [
    [0, 1],
    [0, 1, 2],
    [0, 1, 2, 3],
    [0, 1, 2, 3, 4],
  ]) {
    await turn();
    expect(begun).toEqual(expected);
    finish[expected.length - 1]!();
  }
  await turn();
  finish[0]!();
  expect((await settled).map((end) => (end.status === "fulfilled" ? end.value : "failed"))).toEqual([
    0,
    "failed",
    2,
    3,
    4,
  ]);
});

test("whoever comes when too many wait is told so at once; a place that falls free is given again", async () => {
  const gate = createGate(1, 1);
  let finish = () => {};
  const first = gate(() => new Promise<void>((resolve) => (finish = resolve)));
  const second = gate(async () => "second");
  await expect(gate(async () => "third")).rejects.toMatchObject({ code: "busy" });
  finish();
  await first;
  expect([await second, await gate(async () => "fourth")]).toEqual(["second", "fourth"]);
});
