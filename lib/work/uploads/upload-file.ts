/** A file to upload. Its bytes are read when its turn comes, and kept no longer than that. */
export interface UploadFile {
  /** With its folders, "/" between them. */
  path: string;
  sizeBytes: number;
  open: () => Promise<Blob>;
}

/** Why a file was left out before anything was sent; each has a sentence in messages, `images.refusals`. */
export type Refusal =
  | "notAnImage"
  | "heic"
  | "cameraRaw"
  | "video"
  | "archive"
  | "table"
  | "tooLarge"
  | "annotationTooLarge"
  | "unsafeName"
  | "encrypted"
  | "brokenZip"
  | "zipBomb";

export interface Refused {
  path: string;
  reason: Refusal;
}
