import { query, statement } from "@/lib/platform/db";
import type { Role } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { authorize } from "@/lib/domain/permissions";
import { countTrash } from "@/lib/domain/trash";

/** Above this many, a count says only that there are more. */
export const TRASH_COUNT_MAX = 99;

export interface Navigation {
  workspace: { slug: string; name: string; role: Role };
  /** Live projects by name. */
  projects: { slug: string; name: string }[];
  /** Items in Trash, counted up to TRASH_COUNT_MAX + 1: a Trash of a million costs no more. */
  trashItems: number;
}

/** hot: in every page's sidebar. */
const PROJECTS = statement({
  name: "navigation-projects",
  text: `select slug, name from projects where workspace_id = $1 and deleted_at is null order by lower(name), id`,
});

/** What the app's sidebar shows of a workspace. Throws `not_found`. */
export async function getNavigation(ctx: Context, workspaceSlug: string): Promise<Navigation> {
  const { workspaceId, slug, name, role } = authorize(ctx, "read workspace", workspaceSlug);
  const [projects, trashItems] = await Promise.all([
    query<{ slug: string; name: string }>(PROJECTS, [workspaceId]),
    countTrash(workspaceId, TRASH_COUNT_MAX + 1),
  ]);
  return { workspace: { slug, name, role }, projects, trashItems };
}
