export {
  exportPath,
  getExportFile,
  getLinkedExport,
  listExports,
  listNamedExports,
  remakeExport,
  requestExport,
  type ExportFile,
  type ExportView,
} from "./exports";
export {
  findFormat,
  FORMAT_NAMES,
  FORMAT_WORDS,
  FORMATS_OF_TYPE,
  nameOfFormat,
  wordsOfFormats,
  type FormatName,
} from "./formats";
export {
  claimExport,
  completeExport,
  EXPORT_LEASE_MS,
  failExport,
  heartbeatExport,
  releaseExport,
  type ExportBuild,
} from "./work";
