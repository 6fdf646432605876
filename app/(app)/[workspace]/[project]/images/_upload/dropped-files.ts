import type { UploadFile } from "@/lib/work/uploads/upload-file";

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
