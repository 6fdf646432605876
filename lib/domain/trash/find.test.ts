import { beforeAll, describe, expect, test } from "vitest";
import { prisma, query } from "@/lib/platform/db";
import type { Context } from "@/lib/domain/context";
import {
  restoreVersion,
  trashImages,
  trashProject,
  trashTraining,
  trashVersion,
  type TrashItem,
} from "@/lib/domain/trash";
import {
  buildImages,
  buildMember,
  buildModel,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  userContext,
  type World,
} from "@/lib/testing/builders";
import { connectSecond, type SecondConnection } from "@/lib/testing/database";
import {
  DAY_MS,
  later,
  outcomeOf,
  projectRef,
  trainingRef,
  trashedVersionRef,
  versionRef,
} from "@/lib/testing/lifecycle";
import {
  findInTrash,
  findStatement,
  findWay,
  LOOK_MAX,
  matching,
  TOTAL_MAX,
  TRASH_ORDERS,
  type FoundPage,
  type Request,
  type TrashFilter,
  type TrashOrder,
} from "./find";
import { HELD_TOGETHER, withLosses } from "./holdings";
import { fromTrash, ROW_OF } from "./items";
import { listTrash } from "./list";

const TYPES = ["PROJECT", "VERSION", "TRAINING", "IMAGES"] as const;
type Type = (typeof TYPES)[number];
type View = TrashFilter & { type: Type; order?: TrashOrder; limit: number };

const find = (ctx: Context, view: View & { cursor?: string }): Promise<FoundPage> =>
  findInTrash(ctx, { ...view, workspaceSlug: ctx.actor.memberships[0]!.slug });

/** Every page from the first to the last; each knows whether there is one before it and one behind. */
async function readForwards(ctx: Context, view: View): Promise<FoundPage[]> {
  const pages = [await find(ctx, view)];
  for (let next = pages[0]!.nextCursor; next !== null; next = pages.at(-1)!.nextCursor)
    pages.push(await find(ctx, { ...view, cursor: next }));
  expect(pages.map(({ previousCursor }) => previousCursor !== null)).toEqual(pages.map((_page, i) => i > 0));
  return pages;
}

const idsOf = (pages: readonly FoundPage[]) => pages.flatMap(({ items }) => items.map(({ id }) => id));

describe("a Trash of many sizes, dates, projects and people", () => {
  let world: World;
  let owner: Context;
  let grace: { id: string; name: string };
  let digits: Awaited<ReturnType<typeof buildProject>>;
  /** Every item, with what it holds. */
  let all: (TrashItem & { bytes: number })[];

  beforeAll(async () => {
    world = await buildWorld();
    owner = await userContext(world);
    grace = await buildMember(world, "EDITOR");
    digits = await buildProject(world, { name: "Digits" });
    const faces = await buildProject(world, { name: "Faces" });
    const people = [owner, await userContext(world, { user: grace, role: "EDITOR", now: owner.now })] as const;
    for (let i = 0; i < 12; i++) {
      const ctx = later(people[i % 2]!, (i % 4) * DAY_MS);
      const project = i % 3 === 0 ? faces : digits;
      const version = await buildVersion(world, project, { name: i % 2 ? `odd ${i}` : `Even ${i}` });
      await prisma().version.update({ where: { id: version.id }, data: { sizeBytes: (i % 5) * 1_000, files: 1 } });
      const training = await buildTraining(world, await buildVersion(world, project), { status: "FINISHED" });
      await buildModel(world, training, { sizeBytes: 10 * (i % 3) });
      const gone = await buildProject(world, { name: i % 2 ? "Odd one" : "Even one" });
      const inGone = await buildVersion(world, gone);
      await prisma().version.update({ where: { id: inGone.id }, data: { sizeBytes: 100 + (i % 4), files: 1 } });
      await trashVersion(ctx, versionRef(world, project, version));
      await trashTraining(ctx, trainingRef(world, training));
      await trashProject(ctx, projectRef(world, gone));
      const imageIds = await buildImages(project, 1 + (i % 3));
      await trashImages(ctx, { ...projectRef(world, project), images: { imageIds } });
    }
    await query(
      {
        text: "update versions set purge_after = purge_after + interval '20 days' where name like 'odd%' and number % 3 = 0",
      },
      [],
    );
    const { items } = await listTrash(owner, { workspaceSlug: world.workspace.slug });
    all = (await withLosses(items)).map(({ loss, ...item }) => ({ ...item, bytes: loss.bytes }));
    const foreign = await buildWorld();
    await trashProject(await userContext(foreign), projectRef(foreign, await buildProject(foreign)));
  });

  const KEYS: Record<TrashOrder, (item: (typeof all)[number]) => number> = {
    newest: ({ deletedAt }) => -deletedAt.getTime(),
    oldest: ({ deletedAt }) => deletedAt.getTime(),
    largest: ({ bytes }) => -bytes,
    soonest: ({ purgeAfter }) => purgeAfter.getTime(),
  };
  const isDown = (order: TrashOrder) => order === "newest" || order === "largest";

  const FILTERS: [string, () => TrashFilter, (item: TrashItem) => boolean][] = [
    ["none", () => ({}), () => true],
    ["a part of the name", () => ({ search: "EVEN" }), ({ name }) => name.toLowerCase().includes("even")],
    ["the project", () => ({ projectSlug: digits.slug }), ({ projectId }) => projectId === digits.id],
    ["no such project", () => ({ projectSlug: "nothing-here" }), () => false],
    ["the person", () => ({ deletedById: grace.id }), ({ deletedById }) => deletedById === grace.id],
    [
      "the days of deletion",
      () => ({ from: later(owner, DAY_MS).now, until: later(owner, 3 * DAY_MS).now }),
      ({ deletedAt }) => deletedAt >= later(owner, DAY_MS).now && deletedAt < later(owner, 3 * DAY_MS).now,
    ],
    [
      "the days left",
      () => ({ daysLeft: 31 }),
      ({ purgeAfter }) => purgeAfter.getTime() <= owner.now.getTime() + 31 * DAY_MS,
    ],
    [
      "everything at once",
      () => ({ search: "o", projectSlug: digits.slug, deletedById: grace.id, from: owner.now, daysLeft: 32 }),
      ({ name, projectId, projectName, deletedById, purgeAfter }) =>
        `${name} ${projectName}`.toLowerCase().includes("o") &&
        projectId === digits.id &&
        deletedById === grace.id &&
        purgeAfter.getTime() <= owner.now.getTime() + 32 * DAY_MS,
    ],
  ];

  const isLooking = async ({ type, order = "newest", limit: _limit, ...filter }: View) =>
    (await findWay({ type, order, filter, workspaceId: world.workspace.id, now: owner.now })).by === "looking";

  describe.each(TRASH_ORDERS)("in the order %s", (order) => {
    test.each(FILTERS)(
      "filtered by %s, each page has what it should, forwards and back",
      async (_what, filter, holds) => {
        const sorted = all
          .filter(holds)
          .sort((a, b) => KEYS[order](a) - KEYS[order](b) || (a.id < b.id === isDown(order) ? 1 : -1));
        for (const type of TYPES) {
          const expected = sorted.filter((item) => item.type === type).map(({ id }) => id);
          for (const limit of [1, 5, 12]) {
            const view = { ...filter(), type, order, limit };
            const forwards = await readForwards(owner, view);
            expect(idsOf(forwards), `${type}, ${limit} a page`).toEqual(expected);
            expect(forwards.every(({ items }, i) => items.length === limit || i === forwards.length - 1)).toBe(true);
            const counted =
              forwards.length > 1 && view.search !== undefined && (await isLooking(view)) ? null : expected.length;
            for (const { total } of forwards)
              expect(total).toEqual(counted === null ? null : { count: counted, more: false });
            const back = [forwards.at(-1)!];
            for (let cursor = back[0]!.previousCursor; cursor !== null; cursor = back[0]!.previousCursor) {
              back.unshift(await find(owner, { ...view, cursor }));
              expect(back[0]!.nextCursor).not.toBeNull();
            }
            expect(back.map(({ items }) => items)).toEqual(forwards.map(({ items }) => items));
          }
        }
      },
    );
  });

  test("what matches for a selection is what the pages show", async () => {
    for (const [what, filter] of FILTERS)
      for (const type of TYPES) {
        const values: unknown[] = [world.workspace.id];
        const text = `select ${ROW_OF[type]}.id ${fromTrash(type)}${matching(type, filter(), owner.now, values)}`;
        const selected = (await query<{ id: string }>({ text }, values)).map(({ id }) => id);
        const shown = idsOf(await readForwards(owner, { ...filter(), type, limit: 100 }));
        expect(selected.sort(), `${what}, ${type}`).toEqual(shown.sort());
      }
  });

  test("a cursor is of its order and direction, and of nobody else's making", async () => {
    const { nextCursor } = await find(owner, { type: "VERSION", limit: 2 });
    const of = (text: string) => Buffer.from(text).toString("base64url");
    const id = "01a206fd-ca93-707f-ac38-76849af967e6";
    for (const cursor of [
      "",
      "%%%",
      "A".repeat(4096),
      of("hello world"),
      of(`newest sideways 2026-01-01T00:00:00.000Z ${id}`),
      of(`newest after tomorrow ${id}`),
      of(`newest after -271821-04-20T00:00:00.000Z ${id}`),
      of("newest after 2026-01-01T00:00:00.000Z '; drop table users; --"),
      of(`largest after 12 ${id}`),
    ])
      expect(await outcomeOf(find(owner, { type: "VERSION", limit: 2, cursor })), cursor).toBe("invalid_input");
    for (const order of ["oldest", "largest", "soonest"] as const)
      expect(await outcomeOf(find(owner, { type: "VERSION", limit: 2, order, cursor: nextCursor! }))).toBe(
        "invalid_input",
      );
    for (const key of ["-1", "1e3", "9".repeat(19), "NaN"])
      expect(
        await outcomeOf(
          find(owner, { type: "VERSION", limit: 2, order: "largest", cursor: of(`largest after ${key} ${id}`) }),
        ),
      ).toBe("invalid_input");
    const stranger = await userContext(await buildWorld());
    expect((await find(stranger, { type: "VERSION", limit: 2, cursor: nextCursor! })).items).toEqual([]);
  });
});

test("a search looks into names and projects' names, whatever the case; what a person types is text and nothing else", async () => {
  const world = await buildWorld();
  const owner = await userContext(world);
  const [digits, faces] = [
    await buildProject(world, { name: "Digits" }),
    await buildProject(world, { name: "100%_Übung's" }),
  ];
  for (const name of ["baseline", "Baseline \\d", "other"])
    await trashVersion(owner, versionRef(world, digits, await buildVersion(world, digits, { name })));
  await trashVersion(owner, versionRef(world, faces, await buildVersion(world, faces, { name: "faces one" })));
  await trashTraining(
    owner,
    trainingRef(world, await buildTraining(world, await buildVersion(world, faces), { status: "FINISHED" })),
  );
  await trashProject(owner, projectRef(world, await buildProject(world, { name: "Zebra" })));
  const found = async (search: string) => {
    const pages = await Promise.all(TYPES.map((type) => find(owner, { type, limit: 10, search })));
    return pages.flatMap(({ items }) => items.map((item) => item.name)).sort();
  };
  expect(await found("BASE")).toEqual(["Baseline \\d", "baseline"]);
  expect(await found("digits")).toHaveLength(3);
  expect(await found("U\u0308BUNG")).toEqual(["Training 1", "faces one"]);
  expect(await found("zebr")).toEqual(["Zebra"]);
  expect(await found("training 1")).toEqual(["Training 1"]);
  expect(await found("  ")).toHaveLength(6);
  for (const text of ["%_Ü", "g's"]) expect(await found(text)).toHaveLength(2);
  for (const text of ["b_seline", "base%line", "'; drop table users; --", "$5", "(", "nothing"])
    expect(await found(text)).toEqual([]);
});

test("a page whose items went on is the last one there is; one before the first is the first, as full as it can be", async () => {
  const world = await buildWorld();
  const owner = await userContext(world);
  const project = await buildProject(world);
  const versions = [];
  for (let i = 0; i < 6; i++) versions.push(await buildVersion(world, project));
  for (const [i, version] of versions.entries())
    await trashVersion(later(owner, i), versionRef(world, project, version));
  const view = { type: "VERSION", limit: 2 } as const;
  const [first, second, third] = await readForwards(owner, view);
  const names = ({ items }: FoundPage) => items.map(({ name }) => name);
  expect([first!, second!, third!].map(names)).toEqual([
    ["v6", "v5"],
    ["v4", "v3"],
    ["v2", "v1"],
  ]);
  for (const version of [versions[0]!, versions[1]!])
    await restoreVersion(owner, trashedVersionRef(world, project, version));
  const last = await find(owner, { ...view, cursor: second!.nextCursor! });
  expect([names(last), last.nextCursor]).toEqual([["v4", "v3"], null]);
  expect(names(await find(owner, { ...view, cursor: last.previousCursor! }))).toEqual(["v6", "v5"]);

  await restoreVersion(owner, trashedVersionRef(world, project, versions[5]!));
  const again = await find(owner, { ...view, cursor: second!.previousCursor! });
  expect([names(again), again.previousCursor]).toEqual([["v5", "v4"], null]);
  for (const version of versions.slice(2, 5)) await restoreVersion(owner, trashedVersionRef(world, project, version));
  expect(await find(owner, { ...view, cursor: second!.nextCursor! })).toEqual({
    items: [],
    previousCursor: null,
    nextCursor: null,
    unfinished: false,
    total: { count: 0, more: false },
  });
});

describe("with 24,000 of each type in one Trash", () => {
  const ROWS = 24_000;
  let world: World;
  let owner: Context;
  let second: SecondConnection;
  let home: { id: string; slug: string };
  beforeAll(async () => {
    world = await buildWorld();
    owner = await userContext(world);
    second = await connectSecond();
    // A minute apart; the purges of half of them 10 days later than those of the others. One person deleted 1 of 100.
    const trash = `now() - g * interval '1 minute', case when g % 100 = 0 then 'rare' else 'x' end, now() - g * interval '1 minute' + interval '720 hours' + (g % 2) * interval '10 days', g * 7919 % 10007`;
    const [ws, user] = [world.workspace.id, world.owner.id];
    await second.query(
      `insert into projects (id, workspace_id, slug, name, type, annotation, created_by_id, deleted_at, deleted_by_id, purge_after, trashed_bytes)
       select gen_random_uuid()::text, $1, 'gone' || g, 'gone' || g, 'CLASSIFICATION', 'digits', $2, ${trash} from generate_series(1, ${ROWS}) g`,
      [ws, user],
    );
    await second.query(
      `insert into projects (id, workspace_id, slug, name, type, annotation, created_by_id)
       select gen_random_uuid()::text, $1, 'live' || g, 'live', 'CLASSIFICATION', 'digits', $2 from generate_series(1, 200) g`,
      [ws, user],
    );
    await second.query(
      `insert into versions (id, workspace_id, project_id, number, name, status, seed, preprocessing, augmentation, counted_images, progress, manifest_hash, created_by_id, deleted_at, deleted_by_id, purge_after, trashed_bytes)
       select gen_random_uuid()::text, $1, p.id, g, 'version number ' || g, 'READY', 1, '{}', '{}', 0, 1, '0', $2, ${trash}
       from generate_series(1, ${ROWS}) g join projects p on p.workspace_id = $1 and p.slug = 'live' || (g % 200 + 1)`,
      [ws, user],
    );
    await second.query(
      `insert into trainings (id, workspace_id, version_id, number, status, model_type, epochs, created_by_id, ended_at, deleted_at, deleted_by_id, purge_after, trashed_bytes, trashed_project_id)
       select gen_random_uuid()::text, $1, v.id, 1, 'FINISHED', 'digits', 1, $2, now(), ${trash}, v.project_id
       from generate_series(1, ${ROWS}) g join versions v on v.workspace_id = $1 and v.number = g`,
      [ws, user],
    );
    await second.query(
      `insert into image_removals (id, workspace_id, project_id, images, deleted_at, deleted_by_id, purge_after, trashed_bytes)
       select gen_random_uuid()::text, $1, p.id, g, ${trash}
       from generate_series(1, ${ROWS}) g join projects p on p.workspace_id = $1 and p.slug = 'live' || (g % 200 + 1)`,
      [ws],
    );
    await second.query("analyze projects, versions, trainings, image_removals, users");
    // of so few PostgreSQL would rather read all; of a million it does not
    await second.query("set enable_seqscan = off; set enable_bitmapscan = off");
    [home] = (await second.query<{ id: string; slug: string }>(
      "select id, slug from projects where workspace_id = $1 and slug = 'live51'",
      [ws],
    )) as [{ id: string; slug: string }];
    return () => second.end();
  }, 120_000);

  const VIEWS: [string, () => TrashFilter][] = [
    ["nothing", () => ({})],
    ["a name", () => ({ search: "number 19" })],
    ["a project", () => ({ projectSlug: home.slug })],
    ["a person", () => ({ deletedById: "rare" })],
    ["everybody else", () => ({ deletedById: "x" })],
    [
      "days",
      () => ({ from: new Date(owner.now.getTime() - 3 * DAY_MS), until: new Date(owner.now.getTime() - 2 * DAY_MS) }),
    ],
    ["days left", () => ({ daysLeft: 17 })],
    ["a person and a name", () => ({ deletedById: "x", search: "number 19" })],
  ];

  describe.each(TRASH_ORDERS)("in the order %s", (order) => {
    test.each(VIEWS)(
      "by %s, no page sorts more than may be sorted, looks at more than may be looked at, or reads a table through",
      async (_what, filter) => {
        for (const type of TYPES) {
          if (type === "PROJECT" && filter().projectSlug !== undefined) continue; // one row by its key
          const request: Request = { type, order, filter: filter(), workspaceId: world.workspace.id, now: owner.now };
          const way = await findWay(request);
          // few enough that an index and a sort cost less than an index in order
          const isRare = filter().projectSlug !== undefined || filter().deletedById === "rare";
          const first = await find(owner, { ...filter(), type, order, limit: 50 });
          const key =
            order === "largest" ? "5000" : new Date(owner.now.getTime() + (order === "soonest" ? 20 : -5) * DAY_MS);
          const places = [null, ...[false, true].map((backwards) => ({ key, id: "7", backwards, inclusive: false }))];
          for (const from of places) {
            const { statement, values } = findStatement(request, way, from, 51);
            const rows = await second.query<{ "QUERY PLAN": string }>(`explain analyze ${statement.text}`, values);
            const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
            expect(plan, type).not.toMatch(/Seq Scan on (versions|trainings|projects|image_removals)/);
            if (way.by === "order" && !isRare) expect(plan, type).not.toMatch(/^Sort\b|-> +(Incremental )?Sort\b/m);
            const read = [...plan.matchAll(/(?:actual .*rows=|Rows Removed by Filter: )([\d.]+)/g)].map(([, n]) =>
              Number(n),
            );
            expect(Math.max(...read), plan).toBeLessThanOrEqual(LOOK_MAX);
          }
          expect(first.items.length > 0 || first.unfinished).toBe(true);
        }
      },
    );
  });

  test("what the page of Trash adds up is looked up item by item, and reads no table through", async () => {
    const text = `with item as materialized (select 'VERSION' as type, id from versions where workspace_id = $1 limit 1001),
      held as (${HELD_TOGETHER}) select sum(versions) from held`;
    const rows = await second.query<{ "QUERY PLAN": string }>(`explain analyze ${text}`, [world.workspace.id]);
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    const read = [...plan.matchAll(/actual .*rows=([\d.]+)/g)].map(([, n]) => Number(n));
    expect(Math.max(...read), plan).toBeLessThanOrEqual(LOOK_MAX);
  });

  test("counts stop where they would cost", async () => {
    expect((await find(owner, { type: "VERSION", limit: 50 })).total).toEqual({ count: TOTAL_MAX, more: true });
    expect((await find(owner, { type: "VERSION", limit: 50, projectSlug: home.slug })).total).toEqual({
      count: ROWS / 200,
      more: false,
    });
    expect((await find(owner, { type: "VERSION", limit: 50, search: "number" })).total).toBeNull();
    expect(
      (await find(owner, { type: "VERSION", limit: 50, search: "number", projectSlug: home.slug })).total,
    ).toBeNull();
  });

  test("a name that few have is found by looking further, each page as bounded as the one before; and the way back is the same", async () => {
    const view = { type: "VERSION", limit: 50, search: "number 23999" } as const;
    const pages = await readForwards(owner, view);
    expect(pages.map(({ items, unfinished }) => [items.length, unfinished])).toEqual([
      [0, true],
      [0, true],
      [1, false],
    ]);
    const back = await find(owner, { ...view, cursor: pages[2]!.previousCursor! });
    expect([back.items.length, back.unfinished, back.nextCursor !== null]).toEqual([0, true, true]);
    const dense = await readForwards(owner, { type: "VERSION", limit: 5_000, search: "number 1" });
    expect(idsOf(dense)).toHaveLength(new Set(idsOf(dense)).size);
    expect(idsOf(dense)).toHaveLength(1 + 10 + 100 + 1_000 + 10_000);
  });

  test("looking for what has few days left begins where it can be", async () => {
    // 11,040 of the oldest, more than may be sorted: none among the newest 5,760
    const filter = { daysLeft: 26 };
    const request: Request = {
      type: "VERSION",
      order: "newest",
      filter,
      workspaceId: world.workspace.id,
      now: owner.now,
    };
    expect(await findWay(request)).toEqual({ by: "looking", parts: [] });
    const [page] = await readForwards(owner, { type: "VERSION", ...filter, limit: 5_000 });
    expect(page!.items).toHaveLength(5_000);
    expect(page!.items[0]!.deletedAt.getTime()).toBeLessThanOrEqual(owner.now.getTime() - 4 * DAY_MS);
  });
});
