import type { Readable } from "node:stream";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { FORMAT_NAMES, type FormatName } from "@/lib/domain/exports";
import {
  parseImageQuery,
  searchImages,
  sourceImageKey,
  type ImageQuery,
  type SearchedImage,
} from "@/lib/domain/images";
import { SEARCH_EXPORT_IMAGES_MAX } from "@/lib/domain/limits";
import { NAME_OF_SPLIT } from "@/lib/domain/splits";
import { makePng } from "@/lib/engine/generate";
import { planExport } from "@/lib/engine/export/layout";
import type { Manifest, ManifestFile } from "@/lib/engine/manifest";
import { zipStream, type ZipEntry } from "@/lib/engine/zip";
import { blobStore } from "@/lib/platform/blob-store";
import { createGate } from "@/lib/work/gate";

/*
 * What a search finds, as a zip: the source images as they are now (those of rarer formats as PNGs), laid out as a version's download is. Nothing of it is
 * stored: it is made while it is read, from files that are there. What is to be kept, or trained on twice, is a version.
 */

export interface SearchExport {
  workspaceSlug: string;
  query: string;
  format: string;
  /** The slug of the one project to look in. */
  dataset: string | null;
  name: string | null;
}

const refuse = (field: string, sentence: string): DomainError => new DomainError("invalid_input", sentence, { field });

function toQuery({ query, dataset }: SearchExport): ImageQuery {
  const parsed = parseImageQuery(query);
  if (dataset === null) return parsed;
  if (parsed.project !== undefined && parsed.project !== dataset)
    throw refuse("dataset", "The query and the dataset name different projects.");
  return { ...parsed, project: dataset };
}

function toFormat(word: string): FormatName {
  const format = FORMAT_NAMES.find((name) => name === word);
  if (format === undefined) throw refuse("format", `There is no such format. There are: ${FORMAT_NAMES.join(", ")}.`);
  return format;
}

/**
 * Whether a search can be exported so; answers how many images it finds. Throws `invalid_input` for too many, for none, and
 * where the format cannot hold what is marked on them.
 */
export async function checkSearchExport(ctx: Context, wish: SearchExport): Promise<number> {
  const { images } = await find(ctx, wish, toFormat(wish.format));
  return images.length;
}

/** The zip, made while it is read. Throws as checkSearchExport: what it finds may have changed meanwhile. */
export async function openSearchExport(ctx: Context, wish: SearchExport, signal?: AbortSignal): Promise<Readable> {
  const format = toFormat(wish.format);
  const { images, manifest } = await find(ctx, wish, format);
  const sources = new Map(images.map((image) => [pathOf(image), image]));
  const entries = planExport(format, manifest, {
    workspace: wish.workspaceSlug,
    project: wish.dataset ?? "search",
    projectName: wish.name ?? wish.query,
    annotation: "",
    version: 0,
    createdAt: ctx.now,
  });
  function* zipped(): Generator<ZipEntry> {
    for (const entry of entries)
      yield "file" in entry
        ? {
            path: entry.path,
            open: async () => {
              const source = sources.get(entry.file)!;
              const key = sourceImageKey(source.projectId, source.id);
              if (keepsFormat(source)) return blobStore().stream(key);
              const image = await blobStore().get(key);
              return rendering(() => makePng(image));
            },
            ...(keepsFormat(sources.get(entry.file)!) ? { sizeBytes: entry.sizeBytes } : {}),
          }
        : { path: entry.path, open: async () => [...entry.text].join(""), deflate: true };
  }
  return zipStream(zipped(), signal);
}

/** What every trainer reads; of other formats each reads some, so they become PNGs. */
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ["image/jpeg", "jpg"],
  ["image/png", "png"],
  ["image/webp", "webp"],
]);

const keepsFormat = ({ contentType }: SearchedImage): boolean => EXTENSIONS.has(contentType);
const pathOf = ({ id, contentType }: SearchedImage): string => `${id}.${EXTENSIONS.get(contentType) ?? "png"}`;

/** A 50 megapixel image may take 200 MB while it is decoded. */
const rendering = createGate(2);

async function find(
  ctx: Context,
  wish: SearchExport,
  format: FormatName,
): Promise<{ images: SearchedImage[]; manifest: Manifest }> {
  const { images, total } = await searchImages(ctx, wish.workspaceSlug, toQuery(wish), {
    limit: SEARCH_EXPORT_IMAGES_MAX,
    order: "oldest",
  });
  if (total! > SEARCH_EXPORT_IMAGES_MAX)
    throw refuse(
      "query",
      `The search finds ${total} images; at most ${SEARCH_EXPORT_IMAGES_MAX} are exported so. Narrow it, or make a version.`,
    );
  if (images.length === 0) throw refuse("query", "The search finds no image.");
  const withClasses = images.filter(({ label }) => label !== null).length;
  const withBoxes = images.filter(({ boxes }) => boxes.length > 0).length;
  const folders = format === "folder";
  if (folders ? withBoxes > 0 : withClasses > 0)
    throw refuse(
      "format",
      folders
        ? 'Images with boxes are not exported as "folder". Use coco, yolov8 or voc, or name one project with "dataset".'
        : `Images with a class of their own are not exported as "${format}". Use folder, or name one project with "dataset".`,
    );
  const classes = new Set(
    images.flatMap(({ label, boxes }) => (label === null ? boxes.map((box) => box.label) : [label])),
  );
  const files: ManifestFile[] = images.map((image) => ({
    path: pathOf(image),
    name: image.fileName,
    sha256: "0".repeat(64), // not looked at by the layouts
    sizeBytes: image.sizeBytes,
    width: image.width,
    height: image.height,
    split: NAME_OF_SPLIT[image.split],
    label: image.label,
    boxes: image.boxes,
    sourceImageId: image.id,
    output: 0,
  }));
  return {
    images,
    manifest: {
      format: 1,
      type: folders ? "classification" : "object-detection",
      seed: 0,
      preprocessing: {},
      augmentation: {},
      splits: null,
      classes: [...classes].sort(),
      files,
    },
  };
}
