/*
 * Trash: the one module that moves projects, versions, trainings and source images to Trash and back, and purges them. Nothing else
 * writes deleted_at, purge_after and what stands with them, or removes such rows; the rooms behind this front are imported
 * by nobody else.
 *
 * Every trash and restore is the same three steps in one transaction: lock the rows (project, version, training, in this
 * order), look at them in a new statement, whose snapshot is taken after the locks are held, and write, with the audit
 * row. A single statement would not do: it has one snapshot, taken before it waits for the lock, and would miss a
 * training that was started while it waited.
 */

export { trashVersion, restoreVersion } from "./version";
export { trashProject, restoreProject } from "./project";
export { trashTraining, restoreTraining } from "./training";
export {
  restoreImages,
  restoreUploadedImage,
  trashImages,
  trashImagesOfWorkspace,
  type ImagesAlreadyInTrash,
  type RestoredImages,
  type TrashedImages,
} from "./images";
export { getTrashedImage, readRemoval, type Removal, type RemovedImage } from "./removal";
export type { AlreadyInTrash, Restored, Trashed } from "./outcome";
export { foreseeTrashProject, foreseeTrashTraining, foreseeTrashVersion, type TrashConsequences } from "./consequences";
export { listTrash, type TrashItem, type TrashPage } from "./list";
export { TOTAL_MAX, TRASH_ORDERS, type TrashFilter, type TrashOrder, type TrashView } from "./find";
export { HELD, summarizeTrash, withLosses, type Loss, type TrashSummary } from "./holdings";
export { countTrash } from "./items";
export { purgeExpired, purgeItem } from "./purge";
export { foreseeRun, type ItemName } from "./due";
export { dueIn, listRuns, recordRun, type FailedItem, type OpenRun, type PurgeCounts } from "./runs";
export { sentenceOfFailure, type PurgeFailure } from "./purge-failure";
export { getTrashSchedule, type RunView, type TrashSchedule } from "./schedule";
export { restoreItem, type TrashedRef } from "./restore";
export { freezeTrash, type SeenItem, type TrashSelection, type TrashSet } from "./selections";
export { findChanges, previewPurge, type Change, type Changes, type NamedItem, type PurgePreview } from "./preview";
export {
  cancelTrashJob,
  getTrashJob,
  listJobResults,
  listOpenJobs,
  listTrashJobs,
  SMALL,
  startPurge,
  startRestore,
  type JobResult,
  type TrashJob,
} from "./jobs";
export { JOB_KEPT_DAYS, runTrashJobs, type JobCounts, type Problem } from "./job-work";
export { readTrash, type ListedItem, type TrashChoices, type TrashOverview, type TrashSection } from "./overview";
export { RETENTION_MS, type TimeLeft } from "./retention";
export { eraseFiles, lookAgain, lookAgainAtReceipt, type EraseCounts, type SecondLook } from "./erase";
export { getReceipt, getReceiptWorkspace, type Receipt } from "./receipts";
export { readStoreFailure } from "./store-failure";
export {
  listReceipts,
  RECEIPT_PAGE_MAX,
  summarizeWaiting,
  type ReceiptFilters,
  type ReceiptPage,
  type WaitingReceipts,
} from "./receipt-list";
export { getReceiptHead, getReceiptProof, logMovedHeads, type ReceiptEntry, type ReceiptHead } from "./receipt-heads";
export { verifyReceipts, type ChainProblem, type ReceiptVerification } from "./receipt-verification";
