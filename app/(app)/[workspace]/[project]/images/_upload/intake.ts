import { kindOf } from "./placing";
import type { Refusal, Refused, UploadFile } from "./upload-file";

/** What somebody chose or dropped, sorted. */
export interface Intake {
  images: UploadFile[];
  annotations: UploadFile[];
  refused: Refused[];
}

export interface IntakeLimits {
  imageBytes: number;
  annotationBytes: number;
}

const PATH_MAX = 1_000;
/** Names that lead out of a folder when taken for a path, or that hide what they are. */
const UNSAFE = /^[/\\]|^[a-z]:|(^|[/\\])\.\.([/\\]|$)|\p{Cc}/iu;

const isUnsafePath = (path: string): boolean => path.length > PATH_MAX || UNSAFE.test(path);

/** Sorts what was chosen or dropped; zips are opened and their entries sorted with it. Never throws for a file. */
export async function sortFiles(
  files: AsyncIterable<UploadFile> | Iterable<UploadFile>,
  limits: IntakeLimits,
): Promise<Intake> {
  const intake: Intake = { images: [], annotations: [], refused: [] };
  for await (const file of files) {
    if (kindOf(file.path) === "zip" && !isUnsafePath(file.path)) {
      const { readZip } = await import("./zip");
      const { entries, refused } = await readZip(file);
      intake.refused.push(...refused);
      for (const entry of entries) sortOne(entry, limits, intake);
    } else {
      sortOne(file, limits, intake);
    }
  }
  return intake;
}

function sortOne(file: UploadFile, limits: IntakeLimits, { images, annotations, refused }: Intake): void {
  const refuse = (reason: Refusal) => void refused.push({ path: file.path, reason });
  if (isUnsafePath(file.path)) return refuse("unsafeName");
  switch (kindOf(file.path)) {
    case "hidden":
      return;
    case "image":
      return file.sizeBytes > limits.imageBytes ? refuse("tooLarge") : void images.push(file);
    case "annotation":
      return file.sizeBytes > limits.annotationBytes ? refuse("annotationTooLarge") : void annotations.push(file);
    case "zip": // a zip in a zip
    case "other":
      return refuse("notAnImage");
  }
}

/** Files that a file input holds; those of a chosen folder come with their path. */
export function* filesOf(list: Iterable<File>): Generator<UploadFile> {
  for (const file of list) yield toUpload(file, file.webkitRelativePath || file.name);
}

/** Files that were dropped, with what lies in dropped folders. Call it in the drop's own event: the browser forgets them after it. */
export function droppedFiles(transfer: DataTransfer): AsyncGenerator<UploadFile> {
  return walk([...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? item.getAsFile() ?? []));
}

async function* walk(entries: readonly (FileSystemEntry | File)[]): AsyncGenerator<UploadFile> {
  for (const entry of entries) {
    if (entry instanceof File) {
      yield toUpload(entry, entry.name);
    } else if (isFile(entry)) {
      yield toUpload(
        await new Promise<File>((resolve, reject) => entry.file(resolve, reject)),
        entry.fullPath.replace(/^\//, ""),
      );
    } else if (isDirectory(entry)) {
      const reader = entry.createReader();
      // A directory gives its entries in handfuls, and none when it has given all.
      for (;;) {
        const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
        if (some.length === 0) break;
        yield* walk(some);
      }
    }
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
const toUpload = (file: File, path: string): UploadFile => ({ path, sizeBytes: file.size, open: async () => file });
