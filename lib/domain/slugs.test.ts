import { expect, test } from "vitest";
import { isReservedSlug } from "./reserved-slugs";
import { isSlug, slugsFor } from "./slugs";

function firstOf(name: string, count = 3): string[] {
  const slugs: string[] = [];
  for (const slug of slugsFor(name)) if (slugs.push(slug) === count) break;
  return slugs;
}

test.each([
  ["Hard Hats", ["hard-hats", "hard-hats-2", "hard-hats-3"]],
  ["  Café à la carte!  ", ["cafe-a-la-carte", "cafe-a-la-carte-2", "cafe-a-la-carte-3"]],
  ["数字", ["project", "project-2", "project-3"]],
  ["2024", ["project-2024", "project-2024-2", "project-2024-3"]],
  ["Trash", ["trash-2", "trash-3", "trash-4"]],
  ["ﬁne ①", ["fine-1", "fine-1-2", "fine-1-3"]],
  ["../../etc/passwd", ["etc-passwd", "etc-passwd-2", "etc-passwd-3"]],
])("%j may be called %j", (name, slugs) => {
  expect(firstOf(name)).toEqual(slugs);
});

test("a long name is cut so that its number still fits", () => {
  const [first, second] = firstOf(`${"a".repeat(62)} bcd`);
  expect([first, second]).toEqual(["a".repeat(62), `${"a".repeat(61)}-2`]);
});

test("every one of them may be a slug, whatever the name", () => {
  for (const name of ["-", "é", "\0", "a".repeat(4096), "💩", "api", "1-", "x-", "__proto__"]) {
    for (const slug of firstOf(name, 20)) expect([isSlug(slug), isReservedSlug(slug)], slug).toEqual([true, false]);
  }
});
