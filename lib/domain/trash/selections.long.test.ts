import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { previewPurge } from "@/lib/domain/trash";
import { SELECTION_MAX } from "./selections";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";

leavesBroken("its versions are copies of one row, which count nothing");

test(
  "of a Trash larger than a selection can be, the oldest are frozen, and it is said",
  { timeout: 120_000 },
  async () => {
    const world = await buildWorld();
    const { id } = await buildVersion(world, await buildProject(world));
    await prisma().$executeRawUnsafe(
      `insert into versions select copy.* from versions v, lateral (select i from generate_series(2, ${SELECTION_MAX + 2}) i) numbers,
       lateral jsonb_populate_record(v, jsonb_build_object('id', gen_random_uuid()::text, 'number', i,
         'deleted_at', now() - i * interval '1 second', 'purge_after', now() + interval '1 day', 'deleted_by_id', 'x')) copy
     where v.id = '${id}'`,
    );
    const ctx = await userContext(world);
    const selection = await previewPurge(ctx, { workspaceSlug: world.workspace.slug, set: "all" });
    expect(selection).toMatchObject({ items: SELECTION_MAX, more: true, loss: { versions: SELECTION_MAX } });
    const newest = await prisma().version.findFirstOrThrow({ where: { number: 2 } });
    expect(await prisma().trashSelectionItem.count({ where: { selectionId: selection.id, itemId: newest.id } })).toBe(
      0,
    );
  },
);
