import type { Context } from "@/lib/domain/context";
import { countForHealth, listLooks, type HealthCounts } from "@/lib/domain/images";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import { groupByLook } from "@/lib/engine/look";

/** More would take a web process longer than a call may. */
const COMPARED_MAX = 50_000;
const GROUPS_MAX = 100;
const GROUP_MAX = 20;

export interface Health extends HealthCounts {
  nearDuplicates: { compared: number; groups: { id: string; name: string }[][] };
}

/** What is to be known of a project's images, of now. Throws as countForHealth. */
export async function readHealth(ctx: Context, ref: SluggedProjectRef): Promise<Health> {
  const counts = await countForHealth(ctx, ref);
  const looks = await listLooks(counts.projectId, COMPARED_MAX);
  const groups = groupByLook(looks)
    .slice(0, GROUPS_MAX)
    .map((group) => group.slice(0, GROUP_MAX).map(({ id, fileName }) => ({ id, name: fileName })));
  return { ...counts, nearDuplicates: { compared: looks.length, groups } };
}
