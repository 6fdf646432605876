import { Readable } from "node:stream";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getSourceImage } from "@/lib/domain/images";
import type { SluggedProjectRef, VersionRef } from "@/lib/domain/item-state";
import { versionPrefix } from "@/lib/domain/grants";
import { SPLIT_NAMES, type SplitName } from "@/lib/domain/splits";
import { getTrashedImage } from "@/lib/domain/trash";
import { getVersionFiles } from "@/lib/domain/versions";
import type { Box } from "@/lib/engine/boxes";
import { makePng } from "@/lib/engine/generate";
import type { ManifestFile } from "@/lib/engine/manifest";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";
import { createCache, type Loaded } from "@/lib/work/cache";
import { createGate } from "@/lib/work/gate";
import { readManifest } from "./manifest";
import { isSmall, openThumbnail } from "./thumbnails";

/* The images of a version as its manifest lists them, for people who look at them. In Trash they are the same. */

export interface VersionImage {
  /** Relative to the version: what openVersionImage takes. */
  path: string;
  /** What the source image was called when it was uploaded. */
  name: string;
  width: number;
  height: number;
  split: SplitName;
  label: string | null;
  /** In this image's pixels; none in a classification project. */
  boxes: Box[];
  /** null: it was imported with its version. */
  sourceImageId: string | null;
  /** Which of the images made of that source it is, from 0. */
  output: number;
}

export interface VersionImages {
  /** All that match, not only these. */
  total: number;
  images: VersionImage[];
}

/** The most images that one call answers. */
export const IMAGES_MAX = 500;

interface Catalogue {
  /** Training images first, then those of valid and test; within a split by path. */
  files: readonly ManifestFile[];
  byPath: ReadonlyMap<string, ManifestFile>;
}

/**
 * Manifests as read, the last ones used, by their hash: what is under a hash never changes. Bounded by the manifests'
 * own bytes; a larger one is still kept while it is the only one, since somebody is scrolling through it right now.
 */
const CACHE_BYTES_MAX = 64 * 1024 * 1024;
const catalogues = createCache<Catalogue>(CACHE_BYTES_MAX, { keepLast: true });

const readCatalogue = (versionId: string, manifestHash: string): Promise<Catalogue> =>
  catalogues(manifestHash, () => readBlob(() => loadCatalogue(versionId, manifestHash)));

async function loadCatalogue(versionId: string, manifestHash: string): Promise<Loaded<Catalogue>> {
  const { manifest, sizeBytes } = await readManifest(versionId, manifestHash);
  const files = manifest.files.toSorted((a, b) => SPLIT_NAMES.indexOf(a.split) - SPLIT_NAMES.indexOf(b.split));
  return { value: { files, byPath: new Map(files.map((file) => [file.path, file])) }, sizeBytes };
}

/** A file that ought to be there and is not: its version is being purged at this moment, or the store lost it. */
async function readBlob<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BlobNotFoundError)
      throw new DomainError("not_found", "This image is not there any more.", {}, { cause: error });
    throw error;
  }
}

/**
 * A range of a version's images, live or in Trash, always in the same order: training images first. The first call for
 * a version reads its manifest, further ones cost no more however deep they reach. At most IMAGES_MAX.
 * Throws `not_found`, `purged`, `not_ready`.
 */
export async function listVersionImages(
  ctx: Context,
  ref: VersionRef,
  {
    split,
    label,
    offset,
    limit,
  }: { split?: SplitName | undefined; label?: string | undefined; offset: number; limit: number },
): Promise<VersionImages> {
  const { versionId, manifestHash } = await getVersionFiles(ctx, ref);
  const { files } = await readCatalogue(versionId, manifestHash);
  const matching =
    split === undefined && label === undefined
      ? files
      : files.filter(
          (file) =>
            (split === undefined || file.split === split) &&
            (label === undefined || file.label === label || file.boxes.some((box) => box.label === label)),
        );
  const images = matching
    .slice(offset, offset + Math.min(limit, IMAGES_MAX))
    .map(({ path, name, width, height, split, label, boxes, sourceImageId, output }) => ({
      path,
      name,
      width,
      height,
      split,
      label,
      boxes,
      sourceImageId,
      output,
    }));
  return { total: matching.length, images };
}

/** An image's bytes, and what HTTP wants to know of them. */
export interface OpenedImage {
  /** Of the bytes, or of what they are made from: never the same for other bytes. */
  sha256: string;
  /** null: not known before they are opened. */
  sizeBytes: number | null;
  contentType: string;
  /** Opens the bytes; not before somebody wants them. Throws `not_found`. */
  stream: () => Promise<Readable>;
}

/**
 * One image of a version, live or in Trash, or its thumbnail. The path must be one that the manifest lists: nothing else
 * of the store can be reached. Throws `not_found`, `purged`, `not_ready`.
 */
export async function openVersionImage(
  ctx: Context,
  ref: VersionRef,
  path: string,
  { thumbnail = false }: { thumbnail?: boolean } = {},
): Promise<OpenedImage> {
  const { versionId, manifestHash } = await getVersionFiles(ctx, ref);
  const { byPath } = await readCatalogue(versionId, manifestHash);
  const file = byPath.get(path);
  if (!file) throw new DomainError("not_found", "There is no such image in this version.");
  if (thumbnail && !isSmall(file))
    return {
      sha256: `${file.sha256}-thumb`,
      sizeBytes: null,
      contentType: "image/webp",
      stream: () => readBlob(() => openThumbnail(versionId, file)),
    };
  return {
    sha256: file.sha256,
    sizeBytes: file.sizeBytes,
    contentType: path.endsWith(".jpg") ? "image/jpeg" : `image/${path.slice(path.lastIndexOf(".") + 1)}`, // as it was made or found to be
    stream: () => readBlob(() => blobStore().stream(`${versionPrefix(versionId)}${path}`)),
  };
}

/** What browsers show as it is. */
const SHOWN: readonly string[] = ["image/jpeg", "image/png", "image/webp", "image/avif", "image/bmp"];
/** Of which browsers show nothing, or more than the first frame: they get a picture of that. Anything else is only downloaded. */
const RENDERED: readonly string[] = ["image/tiff", "image/gif"];

/** A 50 megapixel image may take 200 MB while it is decoded. */
const rendering = createGate(2);

/** The thumbnail of a source image that waits in Trash. Throws `not_found`, `purged`. */
export async function openTrashedThumbnail(
  ctx: Context,
  ref: { workspaceSlug: string; removalId: string; imageId: string },
): Promise<OpenedImage> {
  const { thumbnailKey, sha256 } = await getTrashedImage(ctx, ref);
  return toThumbnail(sha256, thumbnailKey);
}

const toThumbnail = (sha256: string, key: string): OpenedImage => ({
  sha256: `${sha256}-thumb`,
  sizeBytes: null,
  contentType: "image/webp",
  stream: () => readBlob(() => blobStore().stream(key)),
});

/**
 * One source image of a live project as browsers can show it, or its thumbnail. Throws `not_found`, `in_trash`, `purged`.
 */
export async function openSourceImage(
  ctx: Context,
  ref: SluggedProjectRef & { imageId: string },
  { thumbnail = false }: { thumbnail?: boolean } = {},
): Promise<OpenedImage> {
  const { key, thumbnailKey, contentType, ...facts } = await getSourceImage(ctx, ref);
  if (thumbnail) return toThumbnail(facts.sha256, thumbnailKey);
  if (RENDERED.includes(contentType))
    return {
      sha256: `${facts.sha256}-png`,
      sizeBytes: null,
      contentType: "image/png",
      stream: () => readBlob(() => rendering(async () => Readable.from([await makePng(await blobStore().get(key))]))),
    };
  return {
    ...facts,
    contentType: SHOWN.includes(contentType) ? contentType : "application/octet-stream",
    stream: () => readBlob(() => blobStore().stream(key)),
  };
}
