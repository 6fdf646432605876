import { expect, test } from "vitest";
import { createCache } from "./cache";

const loaded =
  (value: string, sizeBytes = 10) =>
  async () => ({ value, sizeBytes });

test("a cache holds what was used last, up to its bound; what is larger than all of it is served and not held", async () => {
  const cache = createCache<string>(30);
  const loads: string[] = [];
  const get = (id: string, sizeBytes?: number) =>
    cache(id, () => (loads.push(id), loaded(`value of ${id}`, sizeBytes)()));
  for (const id of ["a", "b", "c", "a"]) await get(id);
  expect(loads).toEqual(["a", "b", "c"]);
  await get("d"); // b is the longest unused
  for (const id of ["a", "c", "d"]) await get(id);
  expect(loads).toEqual(["a", "b", "c", "d"]);
  expect(await get("b")).toBe("value of b");
  expect(loads).toEqual(["a", "b", "c", "d", "b"]);
  expect(await get("huge", 31)).toBe("value of huge");
  await get("huge", 31);
  expect(loads.filter((id) => id === "huge")).toHaveLength(2);
});

test("a cache loads once for all who ask at once, and a load that failed is tried again", async () => {
  const cache = createCache<string>(30);
  let loads = 0;
  let fail = true;
  const load = async () => {
    loads += 1;
    await new Promise((resolve) => setImmediate(resolve));
    if (fail) throw new Error("the store is away");
    return { value: "x", sizeBytes: 1 };
  };
  const failed = await Promise.allSettled([cache("x", load), cache("x", load)]);
  expect([loads, ...failed.map(({ status }) => status)]).toEqual([1, "rejected", "rejected"]);
  fail = false;
  expect(await Promise.all([cache("x", load), cache("x", load)])).toEqual(["x", "x"]);
  expect(loads).toBe(2);
});
test("a cache that keeps the last one holds even what is larger than all of it, until something else is used", async () => {
  const cache = createCache<string>(30, { keepLast: true });
  const loads: string[] = [];
  const get = (id: string, sizeBytes?: number) => cache(id, () => (loads.push(id), loaded(id, sizeBytes)()));
  for (const id of ["huge", "huge", "small", "huge"]) await get(id, id === "huge" ? 31 : 1);
  expect(loads).toEqual(["huge", "small", "huge"]);
});
