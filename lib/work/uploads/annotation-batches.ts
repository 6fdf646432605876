import { namesClasses } from "./placing";
import type { UploadFile } from "./upload-file";

interface Text {
  name: string;
  text: string;
}

/**
 * Annotation files as few batches, none of more text than `bytesMax`, read one after the other so that one batch is held at
 * a time; files that name the classes of others are in each. A file that cannot be opened, or fits into no batch, is told by its path.
 */
export async function* batchAnnotations(
  files: readonly UploadFile[],
  bytesMax: number,
): AsyncGenerator<{ files: Text[] } | { unreadable: string }> {
  const read = async (file: UploadFile): Promise<Text | null> => {
    try {
      return { name: file.path, text: await (await file.open()).text() };
    } catch {
      return null;
    }
  };
  const names: Text[] = [];
  let base = 0;
  for (const file of files.filter(({ path }) => namesClasses(path))) {
    const text = base + file.sizeBytes > bytesMax ? null : await read(file);
    if (text === null) yield { unreadable: file.path };
    else {
      names.push(text);
      base += file.sizeBytes;
    }
  }
  let [batch, bytes] = [[...names], base];
  for (const file of files) {
    if (namesClasses(file.path)) continue;
    const text = base + file.sizeBytes > bytesMax ? null : await read(file);
    if (text === null) {
      yield { unreadable: file.path };
      continue;
    }
    if (bytes + file.sizeBytes > bytesMax) {
      yield { files: batch };
      [batch, bytes] = [[...names], base];
    }
    batch.push(text);
    bytes += file.sizeBytes;
  }
  if (batch.length > names.length) yield { files: batch };
}
