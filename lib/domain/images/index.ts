export { getImagesPage, type ImagesPage } from "./page";
export { countImagesOf, listImages } from "./list";
export {
  filterImages,
  getImage,
  searchImages,
  type ImageFilter,
  type ImageQuery,
  type ImageView,
  type SearchedImage,
} from "./search";
export { parseImageQuery } from "./query";
export { getBatch, listBatches, type Batch } from "./batches";
export { countForHealth, listLooks, type HealthCounts } from "./health";
export { describeImage, describeImages, type DescriptionChange, type NotDescribed } from "./describe";
export {
  batchId,
  batchOfId,
  parseDescription,
  type GivenDescription,
  type ImageDescription,
  type Metadata,
} from "./description";
export {
  annotateImages,
  assertTakesBoxes,
  labelImage,
  listAnnotatableImages,
  updateImages,
  type ImageSelection,
} from "./label";
export {
  addImage,
  assertCanAddImage,
  findImageByContent,
  getLinkedImage,
  getSourceImage,
  imagesEvent,
  listImagesWithoutRow,
  measureSourceThumbnails,
  shareLiveProject,
  sourceImageKey,
  takeUploadsGrant,
  thumbnailKey,
  UPLOADS_LEASE_MS,
  type AddedImage,
  type KnownImage,
  type LinkedImage,
  type SourceImage,
} from "./images";
export type { ImageBox } from "./boxes";
