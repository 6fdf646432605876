import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { userContext } from "@/lib/testing/builders";
import { buildFullTrash } from "@/lib/testing/full-trash";
import { outcomeOf } from "@/lib/testing/lifecycle";
import { listTrash, restoreItem } from "@/lib/domain/trash";

test("each type comes back, and a second time says that it is there already", async () => {
  const { world, slugs, kept, gone, version, training, inGone } = await buildFullTrash();
  const ctx = await userContext(world);
  const inTrashedProject = { type: "VERSION", projectId: gone.id, number: inGone.number } as const;
  expect(await outcomeOf(restoreItem(ctx, { ...slugs, item: inTrashedProject }))).toBe("parent_in_trash");
  for (const item of [
    { type: "PROJECT", projectId: gone.id },
    inTrashedProject,
    { type: "VERSION", projectId: kept.id, number: version.number },
    { type: "TRAINING", trainingId: training.id },
  ] as const) {
    expect(await outcomeOf(restoreItem(ctx, { ...slugs, item }))).toBe("restored");
    expect(await outcomeOf(restoreItem(ctx, { ...slugs, item }))).toBe("already_active");
  }
  expect((await listTrash(ctx, slugs)).items).toEqual([]);
});

test("there is one way out of Trash: pages, REST and jobs all go through it", () => {
  const ways = /\brestore(Project|Version|Training)\b/;
  const files = ["app", "lib/doors", "lib/work", "lib/domain"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => path.join(folder, file)),
  );
  const sources = files.filter((file) => /\.tsx?$/.test(file) && !/\.test\.ts$/.test(file));
  expect(sources.length).toBeGreaterThan(300);
  const using = sources.filter((file) => ways.test(readFileSync(file, "utf8")));
  expect(using.sort()).toEqual(
    ["index", "project", "restore", "training", "version"].map((name) => `lib/domain/trash/${name}.ts`),
  );
});
