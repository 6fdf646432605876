import { beforeAll, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import {
  buildImages,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  userContext,
  type World,
} from "@/lib/testing/builders";
import { connectSecond, type SecondConnection } from "@/lib/testing/database";
import {
  itemRef,
  later,
  outcomeOf,
  projectRef,
  RETENTION_MS,
  trainingRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import type { Context } from "@/lib/domain/context";
import { purgeItem, trashImages, trashProject, trashTraining, trashVersion, type TrashItem } from "@/lib/domain/trash";
import { TABLES } from "./items";
import { listStatement, listTrash, TRASH_PAGE_MAX } from "./list";

const TYPES = ["PROJECT", "VERSION", "TRAINING", "IMAGES"] as const;

async function readAll(ctx: Context, input: { limit: number; type?: (typeof TYPES)[number] }): Promise<TrashItem[]> {
  const workspaceSlug = ctx.actor.memberships[0]!.slug;
  const items: TrashItem[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await listTrash(ctx, { ...input, workspaceSlug, ...(cursor ? { cursor } : {}) });
    expect(page.items.length).toBeLessThanOrEqual(input.limit);
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    expect(page.items).toHaveLength(input.limit);
    cursor = page.nextCursor;
  }
}

describe("a Trash with all there can be", () => {
  let world: World;
  let owner: Context;
  let expected: { id: string; deletedAt: Date }[];
  let project: Awaited<ReturnType<typeof buildProject>>;

  // 4 of each type, at two instants: most share theirs with others.
  beforeAll(async () => {
    world = await buildWorld();
    owner = await userContext(world);
    project = await buildProject(world);
    expected = [];
    for (let i = 0; i < 4; i++) {
      const ctx = later(owner, i % 2);
      const version = await buildVersion(world, project);
      const training = await buildTraining(world, await buildVersion(world, project), { status: "FINISHED" });
      const trashedProject = await buildProject(world);
      const imageIds = await buildImages(project, 1);
      const images = await trashImages(ctx, { ...projectRef(world, project), images: { imageIds } });
      if (images.outcome !== "trashed") throw new Error(images.outcome);
      for (const { id, deletedAt } of [
        await trashVersion(ctx, versionRef(world, project, version)),
        await trashTraining(ctx, trainingRef(world, training)),
        await trashProject(ctx, projectRef(world, trashedProject)),
        images,
      ])
        expected.push({ id, deletedAt });
    }
    expected.sort((a, b) => b.deletedAt.getTime() - a.deletedAt.getTime() || (a.id < b.id ? 1 : -1));
    const foreign = await buildWorld();
    await trashProject(await userContext(foreign), projectRef(foreign, await buildProject(foreign)));
  });

  test.each([1, 2, 5, 11, 12, 13])(
    "is read in pages of %i: each item exactly once, newest first, the id decides among equals",
    async (limit) => {
      expect((await readAll(owner, { limit })).map((item) => item.id)).toEqual(expected.map((item) => item.id));
    },
  );

  test.each(TYPES)("is read by type: every %s and nothing else", async (type) => {
    const all = await readAll(owner, { limit: 100 });
    const only = await readAll(owner, { limit: 3, type });
    expect(only).toHaveLength(4);
    expect(only).toEqual(all.filter((item) => item.type === type));
  });

  test("keeps its place when items before and after the cursor come and go", async () => {
    const first = await listTrash(owner, { workspaceSlug: world.workspace.slug, limit: 6 });
    await trashProject(later(owner, 5), projectRef(world, await buildProject(world)));
    const rest = await listTrash(owner, { workspaceSlug: world.workspace.slug, limit: 100, cursor: first.nextCursor! });
    expect([...first.items, ...rest.items].map((item) => item.id)).toEqual(expected.map((item) => item.id));
  });

  test.each([
    ["nothing", ""],
    ["not base64", "%%%"],
    ["words", Buffer.from("hello world").toString("base64url")],
    ["no id", Buffer.from("2026-01-01T00:00:00.000Z").toString("base64url")],
    ["SQL for an id", Buffer.from("2026-01-01T00:00:00.000Z '; drop table users; --").toString("base64url")],
    ["no date", Buffer.from("tomorrow 01a206fd-ca93-707f-ac38-76849af967e6").toString("base64url")],
    [
      "a date before all dates",
      Buffer.from("-271821-04-20T00:00:00.000Z 01a206fd-ca93-707f-ac38-76849af967e6").toString("base64url"),
    ],
    [
      "a date after all dates",
      Buffer.from("+275760-09-13T00:00:00.000Z 01a206fd-ca93-707f-ac38-76849af967e6").toString("base64url"),
    ],
    ["4 kB", "A".repeat(4096)],
  ])("refuses a cursor that it did not give: %s", async (_what, cursor) => {
    await expect(listTrash(owner, { workspaceSlug: world.workspace.slug, cursor })).rejects.toMatchObject({
      code: "invalid_input",
      details: { field: "cursor" },
    });
  });

  test("does not read another workspace through a cursor of that one", async () => {
    const stranger = await userContext(await buildWorld());
    const { nextCursor } = await listTrash(owner, { workspaceSlug: world.workspace.slug, limit: 1 });
    expect(
      (await listTrash(stranger, { workspaceSlug: stranger.actor.memberships[0]!.slug, cursor: nextCursor! })).items,
    ).toEqual([]);
    expect(await outcomeOf(listTrash(stranger, { workspaceSlug: world.workspace.slug, cursor: nextCursor! }))).toBe(
      "not_found",
    );
  });
});

test("an item says what it is, where it lies, who deleted it, until when it waits, and what keeps it from being restored", async () => {
  const world = await buildWorld();
  const owner = await userContext(world);
  const project = await buildProject(world, { name: "Digits" });
  const version = await buildVersion(world, project, { name: "autumn" });
  const training = await buildTraining(world, version, { status: "FINISHED" });
  const blocked = async () =>
    Object.fromEntries((await readAll(owner, { limit: 10 })).map((item) => [item.type, item.blockedBy]));

  await trashTraining(owner, trainingRef(world, training));
  expect(await blocked()).toEqual({ TRAINING: null });
  await trashVersion(later(owner, 1), versionRef(world, project, version));
  expect(await blocked()).toEqual({ TRAINING: "VERSION", VERSION: null });
  await trashProject(later(owner, 2), projectRef(world, project));
  expect(await blocked()).toEqual({ TRAINING: "PROJECT", VERSION: "PROJECT", PROJECT: null });

  const common = {
    deletedById: world.owner.id,
    deletedByName: world.owner.name,
    deletedKeyId: null,
    deletedKeyName: null,
    deletedNote: null,
    bytes: 0,
    projectId: project.id,
    projectSlug: project.slug,
    projectName: "Digits",
  };
  const at = (ms: number) => ({ deletedAt: later(owner, ms).now, purgeAfter: later(owner, ms + RETENTION_MS).now });
  expect(await readAll(owner, { limit: 10 })).toEqual([
    {
      ...common,
      ...at(2),
      type: "PROJECT",
      id: project.id,
      name: "Digits",
      versionId: null,
      number: null,
      trainingNumber: null,
      images: null,
      blockedBy: null,
    },
    {
      ...common,
      ...at(1),
      type: "VERSION",
      id: version.id,
      name: "autumn",
      versionId: version.id,
      number: 1,
      trainingNumber: null,
      images: null,
      blockedBy: "PROJECT",
    },
    {
      ...common,
      ...at(0),
      type: "TRAINING",
      id: training.id,
      name: "Training 1",
      versionId: version.id,
      number: 1,
      trainingNumber: 1,
      images: null,
      blockedBy: "PROJECT",
    },
  ]);
});

test("a project whose purge has begun is not listed, nor is anything in it", async () => {
  const world = await buildWorld();
  const owner = await userContext(world);
  const project = await buildProject(world);
  const [one, two] = [await buildVersion(world, project), await buildVersion(world, project)];
  const training = await buildTraining(world, two, { status: "FINISHED" });
  await trashTraining(owner, trainingRef(world, training));
  await trashVersion(owner, versionRef(world, project, one));
  await trashProject(owner, projectRef(world, project));
  expect(await readAll(owner, { limit: 10 })).toHaveLength(3);
  // Claimed, and waiting to remove its versions.
  await raceAt(
    ["workspaces", world.workspace],
    [() => purgeItem(owner, itemRef(world, "PROJECT", project), UNBOUNDED)],
    async () => {
      expect(await prisma().version.count({ where: { projectId: project.id } })).toBe(2);
      expect(await readAll(owner, { limit: 10 })).toEqual([]);
      for (const type of TYPES) expect(await readAll(owner, { limit: 10, type })).toEqual([]);
    },
  );
});

describe("with 20,000 versions, 20,000 trainings and 4,000 projects in one Trash", () => {
  let world: World;
  let owner: Context;
  let second: SecondConnection;
  beforeAll(async () => {
    world = await buildWorld();
    owner = await userContext(world);
    second = await connectSecond();
    const trash = `now() - g * interval '1 minute', 'x', now() - g * interval '1 minute' + interval '720 hours'`;
    const [ws, user] = [world.workspace.id, world.owner.id];
    await second.query(
      `insert into projects (id, workspace_id, slug, name, type, annotation, created_by_id, deleted_at, deleted_by_id, purge_after)
       select gen_random_uuid()::text, $1, 'p' || g, 'p' || g, 'CLASSIFICATION', 'digits', $2, ${trash} from generate_series(1, 4000) g`,
      [ws, user],
    );
    await second.query(
      `insert into projects (id, workspace_id, slug, name, type, annotation, created_by_id) select gen_random_uuid()::text, $1, 'live' || g, 'live', 'CLASSIFICATION', 'digits', $2 from generate_series(1, 200) g`,
      [ws, user],
    );
    // Half of the versions and trainings are live.
    await second.query(
      `insert into versions (id, workspace_id, project_id, number, name, status, seed, preprocessing, augmentation, counted_images, progress, manifest_hash, created_by_id, deleted_at, deleted_by_id, purge_after)
       select gen_random_uuid()::text, $1, p.id, g, 'v' || g, 'READY', 1, '{}', '{}', 0, 1, '0', $2, t.* from (select id, row_number() over () as n from projects where workspace_id = $1 and deleted_at is null) p,
         generate_series(1, 40000) g left join lateral (select ${trash} where g % 2 = 0) t on true where g % 200 + 1 = p.n`,
      [ws, user],
    );
    await second.query(
      `insert into trainings (id, workspace_id, version_id, number, status, model_type, epochs, created_by_id, ended_at, deleted_at, deleted_by_id, purge_after)
       select gen_random_uuid()::text, $1, v.id, g % 2 + 1, 'FINISHED', 'digits', 1, $2, now(), t.* from (select id, row_number() over () as n from versions where workspace_id = $1) v
         join generate_series(1, 40000) g on v.n = g left join lateral (select ${trash} where g % 2 = 0) t on true`,
      [ws, user],
    );
    await second.query(
      `insert into image_removals (id, workspace_id, project_id, images, deleted_at, deleted_by_id, purge_after)
       select gen_random_uuid()::text, $1, p.id, 1, ${trash} from (select id from projects where workspace_id = $1 and slug = 'live1') p, generate_series(1, 4000) g`,
      [ws],
    );
    await second.query("analyze projects, versions, trainings, image_removals");
    return () => second.end();
  }, 60_000);

  // A prepared statement is planned for its values at first, and perhaps once for all values later on.
  describe.each(["force_custom_plan", "force_generic_plan"])("%s", (mode) => {
    test("each page is a merge of index scans: nothing is sorted, no table is read through", async () => {
      const deep = new Date(owner.now.getTime() - 10_000 * 60_000).toISOString();
      const beginning = ["9999-12-31T00:00:00Z", "~"] as const;
      await second.query(`set plan_cache_mode = ${mode}`);
      for (const type of [undefined, ...TYPES]) {
        await second.query(`prepare page (text, timestamptz, text, int) as ${listStatement(type).text}`);
        for (const [from, id] of [beginning, [deep, "7"]] as const) {
          for (const limit of [26, 101]) {
            const rows = await second.query<{ "QUERY PLAN": string }>(
              `explain execute page ('${world.workspace.id}', '${from}', '${id}', ${limit})`,
            );
            const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
            expect(plan, `${type ?? "all"} from ${from} limit ${limit}`).not.toMatch(
              /^Sort\b|-> +(Incremental )?Sort\b|Seq Scan on (versions|trainings|projects|image_removals)/m,
            );
            for (const t of type ? [type] : TYPES) expect(plan).toContain(`${TABLES[t]}_trash`);
            if (!type) expect(plan).toContain("Merge Append");
          }
        }
        await second.query("deallocate page");
      }
    });
  });

  test("the pages of the whole Trash give every item once", async () => {
    const items = await readAll(owner, { limit: 9_000 });
    expect([items.length, new Set(items.map((item) => item.id)).size]).toEqual([48_000, 48_000]);
    expect(items.every((item, i) => i === 0 || items[i - 1]!.deletedAt >= item.deletedAt)).toBe(true);
  });

  test("a call without a limit is bounded and says how to read on", async () => {
    const page = await listTrash(owner, { workspaceSlug: world.workspace.slug });
    expect(page.items).toHaveLength(TRASH_PAGE_MAX);
    expect(page.nextCursor).not.toBeNull();
    expect((await listTrash(owner, { workspaceSlug: world.workspace.slug, limit: 1_000_000 })).items).toHaveLength(
      TRASH_PAGE_MAX,
    );
  });
});
