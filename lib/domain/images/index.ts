export { getImagesPage, type ImagesPage } from "./page";
export { countImagesOf, listImages, type ImageView } from "./list";
export { annotateImages, assertTakesBoxes, labelImage, listAnnotatableImages, updateImages } from "./label";
export {
  addImage,
  assertCanAddImage,
  findImageByContent,
  getSourceImage,
  listImagesWithoutRow,
  measureSourceThumbnails,
  sourceImageKey,
  takeUploadsGrant,
  UPLOADS_LEASE_MS,
  type AddedImage,
} from "./images";
export type { ImageBox } from "./boxes";
