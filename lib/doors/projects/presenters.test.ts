import { describe, expect, it } from "vitest";
import { colorOf } from "./presenters";

describe("a class's colour", () => {
  it("is always the same for the same name, and a hex colour for any name", () => {
    expect(colorOf("hat")).toBe(colorOf("hat"));
    const names = ["hat", "head", "", "0", "é", "__proto__", "a".repeat(1000)];
    for (const name of names) expect(colorOf(name)).toMatch(/^#[0-9a-f]{6}$/);
    expect(new Set(names.map(colorOf)).size).toBeGreaterThan(names.length - 2);
  });
});
