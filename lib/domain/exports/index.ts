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
export { FORMAT_NAMES, FORMATS, FORMATS_OF_TYPE, nameOfFormat, type FormatName } from "./formats";
export {
  claimExport,
  completeExport,
  EXPORT_LEASE_MS,
  failExport,
  heartbeatExport,
  releaseExport,
  type ExportBuild,
} from "./work";
