export {
  EXPORT_FORMATS,
  exportFolder,
  exportPath,
  getExportFile,
  getLinkedExport,
  listExports,
  remakeExport,
  requestExport,
  type ExportFile,
  type ExportView,
} from "./exports";
export {
  claimExport,
  completeExport,
  EXPORT_LEASE_MS,
  failExport,
  heartbeatExport,
  releaseExport,
  type ExportBuild,
} from "./work";
