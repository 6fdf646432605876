import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { isReservedSlug } from "./reserved-slugs";

const APP = path.resolve(import.meta.dirname, "../../app");
const SLUG = /^(?=[^a-z]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The folders that make a path segment below `folder`; groups like (app) add none, private ones like _ui make none. */
function listSegments(folder: string): { name: string; folder: string }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
    .flatMap(({ name }) =>
      name.startsWith("(") ? listSegments(path.join(folder, name)) : [{ name, folder: path.join(folder, name) }],
    );
}

/** Every static sibling of a segment that stands for a slug, in the pages and in the API. */
function listSiblings(): string[] {
  const roots = [APP, path.join(APP, "api")].flatMap(listSegments);
  const inWorkspaces = roots.filter(({ name }) => name === "[workspace]").flatMap(({ folder }) => listSegments(folder));
  const inProjects = inWorkspaces
    .filter(({ name }) => name === "[project]")
    .flatMap(({ folder }) => listSegments(folder));
  return [...roots, ...inWorkspaces, ...inProjects].map(({ name }) => name).filter((name) => SLUG.test(name));
}

describe("reserved slugs", () => {
  it("cover every path of ours that a workspace or project of that name would be hidden by", () => {
    const siblings = listSiblings();
    expect(siblings).toEqual(expect.arrayContaining(["api", "health", "cron", "trash"]));
    expect(siblings.filter((name) => !isReservedSlug(name))).toEqual([]);
  });

  it("cover the words that the official client uses in such places", () => {
    for (const word of "trash workflows projects models api-keys images groups search stats devices upload asynctasks model-evals createworkflow updateworkflow forkworkflow billing-usage-report dataset usage universe videoinfer vision-events query api next health batches jobs generate".split(
      " ",
    )) {
      expect(isReservedSlug(word), word).toBe(true);
    }
  });

  it("leave ordinary names alone", () => {
    for (const name of ["acme", "digits", "hard-hats", "trash-cans", "my-models"])
      expect(isReservedSlug(name)).toBe(false);
  });
});
