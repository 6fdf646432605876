import { expect, test } from "vitest";
import { readChunks } from "./chunks";

/** A body without an end, which counts what was asked of it. */
function endless() {
  const seen = { pulled: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => controller.enqueue(Uint8Array.of((seen.pulled += 1))),
      cancel: () => void (seen.cancelled = true),
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

test("no more of a body is read than is taken, and its sender is cut off when that is not all", async () => {
  const { body, seen } = endless();
  const taken: number[] = [];
  for await (const [byte] of readChunks(body)) if (taken.push(byte!) === 3) break;
  expect([taken, seen]).toEqual([[1, 2, 3], { pulled: 3, cancelled: true }]);
});

test("whoever takes and fails cuts the sender off as well, and fails with the own error", async () => {
  const { body, seen } = endless();
  const take = async () => {
    for await (const _chunk of readChunks(body)) throw new Error("the disk is full");
  };
  await expect(take()).rejects.toThrow("the disk is full");
  expect(seen.cancelled).toBe(true);
});

test("a sender who breaks off is told to send it again", async () => {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Uint8Array.of(1)),
    pull: (controller) => controller.error(new Error("socket hang up")),
  });
  const take = async () => {
    for await (const _chunk of readChunks(body));
  };
  await expect(take()).rejects.toMatchObject({ code: "invalid_request", details: { field: "upload" } });
});
