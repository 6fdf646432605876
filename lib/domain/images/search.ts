import { prisma, query } from "@/lib/platform/db";
import type { Split } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getLiveProject } from "@/lib/domain/item-state";
import { LIVE_IMAGE } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import type { ImageBox } from "./boxes";
import type { Metadata } from "./description";

/*
 * Finding images, said once: for the page of a project's images, for programs that search a project or a workspace, and for
 * what is changed or downloaded by what finds it.
 */

export interface ImageView {
  id: string;
  projectId: string;
  fileName: string;
  contentType: string;
  sizeBytes: number;
  width: number;
  height: number;
  split: Split;
  /** Its class, in a classification project. */
  label: string | null;
  /** In an object detection project. */
  boxes: ImageBox[];
  tags: string[];
  batch: string | null;
  sequenceNumber: number | null;
  sequenceSize: number | null;
  metadata: Metadata;
  createdAt: Date;
}

const COLUMNS = `id, project_id as "projectId", file_name as "fileName", content_type as "contentType", size_bytes as "sizeBytes",
  width, height, split, label, boxes, tags, batch, sequence_number as "sequenceNumber", sequence_size as "sequenceSize",
  metadata, created_at as "createdAt"`;

/** Which images: each condition that is given must hold. */
export interface ImageFilter {
  split?: Split | undefined;
  /** Of a class, or with a box of it. */
  label?: string | undefined;
  /** With neither class nor box. */
  unannotated?: boolean | undefined;
  /** With every one of these. */
  tags?: readonly string[] | undefined;
  /** Of the batch of this name; true: of any. */
  batch?: string | true | undefined;
  /** As it is called, with * for any characters. */
  fileName?: string | undefined;
}

/**
 * The filter as SQL on `images`, its values added to `values`. Classes, tags and batches are compared as they are stored.
 * An image has a class or boxes, never both, whatever its project is.
 */
export function filterImages(filter: ImageFilter, values: unknown[]): string {
  const add = (value: unknown): string => `$${values.push(value)}`;
  const { split, label, unannotated, tags = [], batch, fileName } = filter;
  const conditions = [
    ...(split === undefined ? [] : [`split = ${add(split)}::"Split"`]),
    ...(label === undefined ? [] : [`(label = ${add(label)} or boxes @> ${add(JSON.stringify([{ label }]))}::jsonb)`]),
    ...(unannotated ? ["label is null and boxes = '[]'"] : []),
    // the index has none without a tag
    ...(tags.length === 0 ? [] : [`tags <> '{}' and tags @> ${add(tags)}::text[]`]),
    ...(batch === undefined ? [] : [batch === true ? "batch is not null" : `batch = ${add(batch)}`]),
    ...(fileName === undefined ? [] : [`file_name like ${add(toPattern(fileName))}`]),
  ];
  return conditions.map((condition) => ` and ${condition}`).join("");
}

const toPattern = (name: string): string => name.replace(/[\\%_]/g, "\\$&").replaceAll("*", "%");

/** Where a range of images begins: `offset` images after the one that the cursor names, without one after the first. */
export interface ImageRange {
  cursor?: string | undefined;
  offset?: number | undefined;
  limit: number;
  /** "newest" first unless said. Oldest first, what is uploaded meanwhile comes last, and moves nothing. */
  order?: "newest" | "oldest" | undefined;
}

export interface FoundImages {
  images: ImageView[];
  /** All that match, not only these; null with a cursor: whoever has one was told. */
  total: number | null;
}

/**
 * A range of the live images of live projects. Ids are made in the order of time: what is uploaded meanwhile moves nothing
 * that is counted from a cursor. What an offset skips is read off an index, without the rows: 13 ms for 100,000, and up to
 * 90 ms where a filter must look into each. Of several projects, each gives no more than the range can hold. For who has
 * authorized.
 */
export async function findImages(
  projectIds: readonly string[],
  filter: ImageFilter,
  { cursor, offset = 0, limit, order = "newest" }: ImageRange,
): Promise<FoundImages> {
  if (projectIds.length === 0) return { images: [], total: cursor === undefined ? 0 : null };
  const [only] = projectIds.length === 1 ? projectIds : [];
  const values: unknown[] = [only ?? projectIds];
  const matching = filterImages(filter, values);
  // hot: at any depth an index is read, and of the rows only those of the range
  const [counted] =
    cursor === undefined
      ? await query<{ total: number }>(
          {
            text: `select count(*)::int as total from images where project_id = ${only === undefined ? "any($1)" : "$1"} and ${LIVE_IMAGE}${matching}`,
          },
          values,
        )
      : [null];
  const [before, direction] = order === "newest" ? ["<", "desc"] : [">", "asc"];
  const after = cursor === undefined ? "" : ` and id ${before} $${values.push(cursor)}`;
  const range = `offset $${values.push(offset)} limit $${values.push(limit)}`;
  const ids =
    only === undefined
      ? `select found.id from unnest($1::text[]) p (of) cross join lateral (
  select id from images where project_id = p.of and ${LIVE_IMAGE}${matching}${after} order by id ${direction} limit $${values.push(offset + limit)}
) found order by found.id ${direction} ${range}`
      : `select id from images where project_id = $1 and ${LIVE_IMAGE}${matching}${after} order by id ${direction} ${range}`;
  const images = await query<ImageView>(
    { text: `select ${COLUMNS} from images where id in (${ids}) and ${LIVE_IMAGE} order by id ${direction}` },
    values,
  );
  return { images, total: counted?.total ?? null };
}

export interface SearchedImage extends ImageView {
  projectSlug: string;
}

/** What is searched for, and where. */
export interface ImageQuery {
  filter: ImageFilter;
  /** The slug of a project; false: of none, which no image is; undefined: of any. */
  project: string | false | undefined;
}

/**
 * Searches a live project, or all live projects of a workspace, for those who may read them. Throws `not_found`,
 * `in_trash`, `purged`.
 */
export async function searchImages(
  ctx: Context,
  workspaceSlug: string,
  { filter, project }: ImageQuery,
  range: ImageRange,
): Promise<{ images: SearchedImage[]; total: number | null }> {
  const { workspaceId } = authorize(ctx, "read projects", workspaceSlug);
  const projects =
    project === undefined
      ? await prisma().project.findMany({ where: { workspaceId, deletedAt: null }, select: { id: true, slug: true } })
      : project === false
        ? []
        : [await getLiveProject(workspaceId, { workspaceSlug, projectSlug: project })];
  const slugs = new Map(projects.map(({ id, slug }) => [id, slug]));
  const { images, total } = await findImages([...slugs.keys()], filter, range);
  return { images: images.map((image) => ({ ...image, projectSlug: slugs.get(image.projectId)! })), total };
}

/** One image of a live project. Throws `not_found`, `in_trash`, `purged`. */
export async function getImage(
  ctx: Context,
  ref: { workspaceSlug: string; projectSlug: string; imageId: string },
): Promise<SearchedImage> {
  const { workspaceId } = authorize(ctx, "read projects", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const [image] = await query<ImageView>(
    { text: `select ${COLUMNS} from images where id = $1 and project_id = $2 and ${LIVE_IMAGE}` },
    [ref.imageId, project.id],
  );
  if (!image) throw new DomainError("not_found", "There is no such image in this project.");
  return { ...image, projectSlug: project.slug };
}
