import { BOXES_PER_IMAGE_MAX } from "@/lib/domain/limits";
import { IMAGE_TYPES } from "@/lib/engine/formats";
import { MAX_SOURCE_PIXELS } from "@/lib/engine/generate";
import { env } from "@/lib/platform/env";

/** The most text that annotation files may have in one call, in bytes: they are read within the web process. */
export const ANNOTATION_BYTES_MAX = 16 * 1024 * 1024;

/** How the browser sends images, and what it may send. */
export interface UploadSettings {
  /** "store": by presigned PUT to the object store, for hosts that cap bodies. */
  mode: "server" | "store";
  imageBytesMax: number;
  imagePixelsMax: number;
  boxesPerImageMax: number;
  annotationBytesMax: number;
  contentTypes: readonly string[];
}

export const uploadSettings = (): UploadSettings => ({
  mode: env().uploads,
  imageBytesMax: env().imageBytesMax,
  imagePixelsMax: MAX_SOURCE_PIXELS,
  boxesPerImageMax: BOXES_PER_IMAGE_MAX,
  annotationBytesMax: ANNOTATION_BYTES_MAX,
  contentTypes: IMAGE_TYPES,
});
