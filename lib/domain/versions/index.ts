export {
  createVersion,
  getPlanningFacts,
  SEEDS,
  type GenerationSettings,
  type NewVersion,
  type PlanVersion,
} from "./generation";
export { cancelVersionGeneration, endGeneration, retryVersionGeneration, type Retried } from "./generation-end";
export {
  findHiddenItem,
  getVersionsPage,
  type ChosenVersion,
  type HiddenItem,
  type ListedVersion,
  type VersionsPage,
} from "./page";
export { getGeneratePage } from "./generate-page";
export {
  awaitImport,
  cancelImport,
  discardImport,
  getImport,
  IMPORT_FORMATS,
  IMPORT_NUMBER_MAX,
  importUpload,
  type ImportFormat,
  type ImportInput,
  type ImportProblem,
  type LeftOutFile,
  type VersionImport,
  type VersionOrigin,
} from "./imports";
export {
  beginImportedVersion,
  claimImport,
  completeImport,
  giveUpImport,
  refuseImport,
  settleLostImport,
  takeImportedVersion,
  type ClaimedImport,
  type ImportedVersion,
} from "./import-work";
export { renameVersion } from "./rename";
export {
  keepThumbnail,
  listNamedThumbnails,
  measureVersionThumbnails,
  takeThumbnailsGrant,
  thumbnailPath,
} from "./thumbnails";
export { getVersion, getVersionFiles, listVersionsOf, type VersionSummary, type VersionView } from "./versions";
export {
  claimGeneration,
  completeGeneration,
  failGeneration,
  findGenerationChunk,
  findNamedFiles,
  GENERATOR_LEASE_MS,
  heartbeatGeneration,
  keepGenerationChunk,
  listGenerationSources,
  releaseGeneration,
  type GeneratedFacts,
  type Generation,
  type GenerationSource,
} from "./generation-work";
export { sampleImages, type SampleImage } from "./generation-sample";
